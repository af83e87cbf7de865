import SpikingNetworks
import Substrate

/// One training step, from a minibatch to changed weights: the pipeline that every rule, device and experiment runs
/// through.
///
/// Software-only training is the same pipeline without a device: nothing is observed, so everything is modelled.
struct TrainingStep {
    let placement: Placement
    let alignment: Alignment
    let mapping: WeightMapping
    let device: (any SpikingDevice)?

    /// What a step leaves beside the changed network.
    struct Result {
        var outcome: StepOutcome
        var saturated: Int
        /// What the device says of the batch; nil in software.
        var totals: RecordingTotals?
        /// Entries with a CADC code at the end of the range.
        var saturatedEntries: Int
        /// When the device was at work.
        var visit: DeviceVisit?
    }

    /// Runs one minibatch and lets the rule change the network.
    ///
    /// The rule works on slices of the minibatch as they come from the device. How long those are decides the order of
    /// sums, nothing else does: not how the recording travels, nor when it arrives.
    /// - Parameters:
    ///   - network: weights in model units; hidden units that the mask silences neither receive nor learn.
    ///   - batch: number of the batch within the run, the key of its temporal noise.
    ///   - next: says which inputs the next batch will have, once this one is on its way.
    /// - Throws: what the device answers instead of a recording.
    func run<Rule: LearningRule>(
        _ network: inout Network, rule: inout Rule, minibatch: Minibatch, batch: UInt64,
        clock: inout StepClock, next: @escaping @Sendable () -> ExpectedInputs? = { nil }
    ) async throws -> Result {
        var effective = network
        minibatch.mask?.silence(&effective)
        let mapped = mapping.quantize(effective)
        clock.end(.map)
        let evidence = StreamedEvidence(
            rule: rule, network: effective, minibatch: minibatch, alignment: alignment,
            scales: mapped.scales, clock: clock)
        var totals: RecordingTotals?
        var visit: DeviceVisit?
        if let device {
            let start = ContinuousClock.now
            let found = try await device.run(
                request(minibatch.trains, mapped.synapses, rule.demand, batch: batch),
                slicesOf: minibatch.sliceLength, next: next
            ) { evidence.take($0) }
            totals = found
            evidence.end(.device)
            visit = DeviceVisit(
                from: start, to: evidence.lastArrival ?? .now,
                deviceSeconds: found.execution.deviceSeconds)
        } else {
            evidence.model()
        }
        let found = evidence.finish(&clock)
        let original = minibatch.mask == nil ? nil : network
        network = effective
        // The rule works in place only where nobody else holds the weights.
        effective.layers = []
        let outcome = rule.update(&network, by: found.parts, clock: &clock)
        if let mask = minibatch.mask, let original { mask.restore(&network, silenced: original) }
        return Result(
            outcome: outcome, saturated: mapped.saturated, totals: totals,
            saturatedEntries: found.saturatedEntries, visit: visit)
    }

    private func request(
        _ trains: SpikeTrains, _ synapses: SynapseMatrix, _ demand: ObservableDemand, batch: UInt64
    ) -> DeviceBatch {
        let neuronCount = placement.configuration.neuronCount
        let readout = placement.neurons.last ?? 0..<0
        return DeviceBatch(
            id: batch, configuration: placement.configuration, synapses: synapses, inputs: trains,
            observables: Observables(
                spikes: demand.spikes, membranes: demand.hiddenMembranes ? 0..<neuronCount : readout))
    }
}
