import CTrainingKernels
import Crews
import Tensors

/// What a step of gradient descent found before it changed the weights.
public struct DescentReport: Sendable, Equatable {
    /// Parts of the work of a step.
    public enum Part: Int, Sendable, CaseIterable {
        /// Measured membranes to model units.
        case align
        /// The forward pass of what is modelled.
        case replay
        /// The loss.
        case loss
        /// The adjoint.
        case backward
    }

    /// Loss with all penalties, mean over entries.
    public var loss: Double
    /// Entries classified correctly.
    public var correct: Int
    /// Hidden spikes over all entries.
    public var hiddenSpikes: Int
    /// Wall seconds of each part, by its number, as far as the slices of the batch kept all threads busy; the update is
    /// left out. All 0 where the parts were not told apart.
    public var seconds: [Double]
}

extension Adam {
    /// One step of gradient descent on a minibatch: `replay`, the loss, penalties, `backward`, `update`.
    ///
    /// A few entries at a time go through all of it, so that traces never leave the cache, and the gradient goes from its
    /// sums straight into the update; with a loss or a surrogate gradient that the kernels do not know, one after the
    /// other. The weights and moments are the same to the last bit either way, on any number of threads and any level.
    ///
    /// - Parameters:
    ///   - network: its weights are changed.
    ///   - input: of the network's channels and steps.
    ///   - observation: what was measured; nil in software.
    ///   - labels: class of each entry.
    ///   - limits: as in `update`.
    public mutating func descend(
        _ network: inout Network, input: BatchSpikes, observation: Observation? = nil, labels: [Int],
        loss: any Loss, regularization: Regularization, limits: [Float?] = [], threads: Int = 1,
        level: KernelLevel = .best
    ) -> DescentReport {
        if let loss = loss as? any KernelLoss, network.surrogate is SuperSpike, network.spikeFunction == .step {
            return descend(
                &network, input: input, observed: network.observed(observation, input: input), labels: labels,
                loss: loss.kernelLoss, regularization: regularization, limits: limits,
                kernels: TrainingKernels(level: level, threads: threads))
        }
        let trace = network.replay(input.gridded, observing: observation, threads: threads, level: level)
        var value = loss.evaluate(readout: trace.readout, labels: labels)
        let penalty = regularization.activityPenalty(of: trace, addingTo: &value.gradient)
        var gradients = network.backward(
            trace, readoutGradient: value.gradient, spikeGradient: penalty.spikeGradient, threads: threads,
            level: level)
        let weightPenalty = regularization.weightPenalty(of: network, addingTo: &gradients)
        update(&network, with: gradients, limits: limits, threads: threads, level: level)
        return DescentReport(
            loss: value.value + penalty.value + weightPenalty, correct: value.correct,
            hiddenSpikes: trace.layers.dropLast().reduce(0) { $0 + $1.spikes.count },
            seconds: DescentReport.Part.allCases.map { _ in 0 })
    }

    private mutating func descend(
        _ network: inout Network, input: BatchSpikes, observed: [LayerObservation], labels: [Int],
        loss: tk_loss, regularization: Regularization, limits: [Float?], kernels: TrainingKernels
    ) -> DescentReport {
        let entries = input.entries
        let slices = TrainingKernels.slices(of: entries)
        let weights = network.layers.reduce(0) {
            $0 + $1.weights.values.count + ($1.recurrent?.values.count ?? 0)
        }
        // No more than there will be work for.
        let crew = Crew(
            threads: min(kernels.threads, max(slices, weights / AdamSlot.pieceSize)), thenLooks: .microseconds(50))
        let labels = kernels.checked(labels, entries: entries, classes: network.outputCount)
        let items = network.layers.indices.map { index in
            var item = PassLayer(index, of: network)
            item.observed = observed[index]
            item.wantsGradient = !network.frozenLayers.contains(index)
            if item.kind == .spiking {
                item.burst = regularization.burstFactor(entries: entries, neurons: item.neurons)
            }
            return item
        }
        var loss = loss
        loss.weight = 1 / Double(max(entries, 1))
        loss.amplitude = regularization.readoutAmplitude / max(1, Double(entries * network.outputCount))
        let steps = network.grid.steps
        var report = DescentReport(loss: 0, correct: 0, hiddenSpikes: 0, seconds: [])
        report.loss = regularization.weightPenalty(ofFrozen: network)
        withSlots(of: &network, limits: limits) { slots in
            let pieces = AdamSlot.pieces(of: slots)
            TrainingMemory.lend { memory in
                let squares = memory.bytes(pieces.count * 8, for: .squares)
                    .bindMemory(to: Double.self, capacity: pieces.count)
                kernels.withLayers(
                    items, weights: Self.weights(of: slots), slices: slices, memory: memory
                ) { layers in
                    kernels.withPass(
                        steps: steps, layers: layers, input: input, loss: loss, labels: labels
                    ) { pass in
                        let sums = kernels.run(
                            pass, entries: entries, slices: slices, memory: memory, by: crew, then: [pieces.count]
                        ) { _, index in
                            let slot = slots[pieces[index].slot]
                            let item = items[slot.layer]
                            squares[index] = kernels.update(
                                slot, rows: pieces[index].rows,
                                gradient: kernels.gradient(
                                    item, layers[slot.layer], slices: slices, recurrent: slot.isRecurrent,
                                    decay: slot.isRecurrent ? 0 : regularization.decayFactor(of: item)))
                        }
                        report.add(sums, regularization, items: items, entries: entries)
                        report.seconds = sums.seconds.map { $0 / Double(min(kernels.threads, slices)) }
                    }
                }
                for (index, piece) in pieces.enumerated() where !slots[piece.slot].isRecurrent {
                    report.loss += regularization.decayValue(
                        squares: squares[index], of: items[slots[piece.slot].layer])
                }
            }
        }
        return report
    }

    private static func weights(of slots: [AdamSlot]) -> [LayerWeights<UnsafePointer<Float>>] {
        slots.filter { !$0.isRecurrent }.map { slot in
            LayerWeights(
                weights: UnsafePointer(slot.weights),
                recurrent: slots.first { $0.isRecurrent && $0.layer == slot.layer }
                    .map { UnsafePointer($0.weights) })
        }
    }
}

extension DescentReport {
    /// Adds what a pass found, penalties of activity included.
    fileprivate mutating func add(
        _ sums: PassSums, _ regularization: Regularization, items: [PassLayer], entries: Int
    ) {
        loss += sums.loss
        correct = sums.correct
        hiddenSpikes = sums.spikes
        for (index, item) in items.enumerated() where item.kind == .spiking {
            loss += regularization.burstValue(
                squares: Double(sums.squares[index]), entries: entries, neurons: item.neurons)
        }
    }
}
