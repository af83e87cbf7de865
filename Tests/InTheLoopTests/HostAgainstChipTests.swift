import ChipEmulator
import InTheLoop
import SpikingNetworks
import Substrate
import Tensors
import Testing

/// The host's forward pass against the ideal emulated chip: two implementations of the same physics that share no code.
struct HostAgainstChipTests {
    private static let seed: UInt64 = 20_260

    /// A random network with 1 or 2 hidden layers, recurrent in every third trial, and random inputs.
    private struct Trial {
        let network: Network
        let configuration: ChipConfiguration
        let synapses: SynapseMatrix
        let inputs: SpikeTrains
    }

    /// - Parameters:
    ///   - hostStep: step of the host's grid, in ticks.
    ///   - inputGrid: inputs fire in the middle of bins of so many ticks.
    ///   - samplePeriod: CADC period of the chip, in ticks; with one step a sample, also its step.
    private func trial(
        _ index: Int, hostStep: Int, inputGrid: Int, samplePeriod: Int, window: Int,
        integration: Integration
    ) throws -> Trial {
        var stream = RandomStream(seed: Self.seed, purpose: .trial, UInt64(index))
        func size(_ range: ClosedRange<Int>) -> Int {
            range.lowerBound + Int(stream.next(upperBound: UInt64(range.count)))
        }
        let inputs = size(5...40)
        let sizes = (0..<size(1...2)).map { _ in size(3...60) }
        let recurrent = index % 3 == 0
        let parameters = LIFParameters(
            tauMem: 4 + 8 * stream.nextUniform(), tauSyn: 3 + 5 * stream.nextUniform())
        let scale = 240.0
        func codes(_ rows: Int, _ columns: Int, mean: Double, deviation: Double) -> Matrix {
            Matrix(rows: rows, columns: columns) { _, _ in
                let code = (mean + deviation * stream.nextNormal()).rounded()
                return Float(min(max(code, -63), 63) / scale)
            }
        }
        var layers: [Layer] = []
        var sources = inputs
        for columns in sizes {
            let strength = 150 / Double(sources).squareRoot()
            layers.append(
                Layer(
                    kind: .spiking, parameters: parameters,
                    weights: codes(sources, columns, mean: 0.25 * strength, deviation: strength),
                    recurrent: recurrent ? codes(columns, columns, mean: -2, deviation: 12) : nil))
            sources = columns
        }
        layers.append(
            Layer(
                kind: .integrating, parameters: parameters,
                weights: codes(sources, 3, mean: 0, deviation: 20)))
        let network = Network(
            layers: layers,
            grid: TimeGrid(
                steps: window / hostStep, stepMicroseconds: ChipClock.microseconds(ticks: hostStep)),
            integration: integration, reset: .zero)
        let chip = try Experiment(
            yaml: "chip: {refractory_us: 0.04}\nmapping: {hidden_scale: \(scale)}", source: "trial"
        ).chip
        var configuration = try Placement(
            network, on: nil, chip: chip, hiddenScale: scale, noiseSeed: 1
        ).configuration
        configuration.window = window
        configuration.samplePeriod = samplePeriod
        configuration.sampleCount = 1
        let mapped = WeightMapping(hiddenScale: Float(scale), readoutScaleLimit: Float(scale), weightLimit: 63)
            .quantize(network)
        var trains = SpikeTrains()
        for _ in 0..<4 {
            trains.append(
                (0..<inputs).flatMap { unit in
                    (0..<2).map { _ in
                        let bin = Int(stream.next(upperBound: UInt64(window * 2 / 3 / inputGrid)))
                        return SpikeEvent(tick: UInt16(bin * inputGrid + inputGrid / 2), unit: UInt16(unit))
                    }
                })
        }
        return Trial(
            network: network, configuration: configuration, synapses: mapped.synapses, inputs: trains)
    }

    private func chipSpikes(_ trial: Trial, _ profile: ChipProfile) throws -> SpikeTrains {
        var chip = EmulatedChip(profile: profile, serial: 1)
        return try chip.run(
            DeviceBatch(
                id: 1, configuration: trial.configuration, synapses: trial.synapses, inputs: trial.inputs,
                observables: Observables(spikes: true, membranes: 0..<0))
        ).spikes
    }

    private func hostTrace(_ trial: Trial, hostStep: Int) -> Trace {
        trial.network.replay(
            GriddedSpikes(
                steps: trial.network.grid.steps, channels: trial.network.inputCount,
                entries: (0..<trial.inputs.entryCount).map { entry in
                    trial.inputs[entry: entry].map { (step: Int($0.tick) / hostStep, unit: Int($0.unit)) }
                }))
    }

    /// Spikes of a trial by (entry, neuron), as the ticks of the host's grid points.
    private func hostSpikes(_ trace: Trace, hostStep: Int) -> [[Int: [Int]]] {
        var first = 0
        var result = [[Int: [Int]]](repeating: [:], count: trace.input.entries)
        for layer in trace.layers.dropLast() {
            for entry in 0..<layer.spikes.entries {
                for step in 0..<layer.spikes.steps {
                    for unit in layer.spikes[entry, step] {
                        result[entry][first + Int(unit), default: []].append(step * hostStep)
                    }
                }
            }
            first += layer.spikes.channels
        }
        return result
    }

    private func bySource(_ trains: SpikeTrains) -> [[Int: [Int]]] {
        (0..<trains.entryCount).map { entry in
            var result: [Int: [Int]] = [:]
            for event in trains[entry: entry] {
                result[Int(event.unit), default: []].append(Int(event.tick))
            }
            return result
        }
    }

    @Test func atTheChipsOwnStepHostAndChipSpikeAlikeIn100RandomNetworks() throws {
        let step = 40
        let window = 100 * step
        var profile = ChipProfile.ideal
        profile.integration.stepsPerSample = 1
        profile.integration.resolution = .step
        profile.geometry.minimumSamplePeriod = step
        var spikes = 0
        var different = 0
        for index in 0..<100 {
            let trial = try trial(
                index, hostStep: step, inputGrid: step, samplePeriod: step, window: window, integration: .exponential)
            let trace = hostTrace(trial, hostStep: step)
            let host = hostSpikes(trace, hostStep: step)
            let chip = bySource(try chipSpikes(trial, profile))
            for entry in host.indices {
                let name = "seed \(Self.seed), network \(index), entry \(entry)"
                #expect(host[entry].mapValues(\.count) == chip[entry].mapValues(\.count), "\(name)")
                let pairs = host[entry].flatMap { neuron, times in
                    zip(times, chip[entry][neuron] ?? []).map {
                        (neuron: neuron, first: min($0, $1), last: max($0, $1))
                    }
                }
                spikes += pairs.count
                let apart = pairs.filter { $0.first != $0.last }
                different += apart.count
                // The first that differ do so by rounding: the membrane is at the threshold when one of the two fires, which
                // the other does a step later. Others may follow from these.
                guard let first = apart.map(\.first).min() else { continue }
                for pair in apart where pair.first == first {
                    let gap = Self.gap(trace, trial.network, entry, pair.neuron, step: first / step)
                    #expect(pair.last == first + step, "\(name), neuron \(pair.neuron) at \(first)")
                    #expect(gap < 1e-5, "\(name), neuron \(pair.neuron) at \(first)")
                }
            }
        }
        #expect(spikes > 20_000, "the networks have to be active for this to mean anything")
        #expect(different <= spikes / 1_000, "\(different) of \(spikes)")
        print(
            "host against ideal chip, own step: \(spikes) spikes in 100 networks, counts equal, \(different) at other "
                + "steps, all from membranes that are at their threshold within rounding")
    }

    /// How far a membrane is from its threshold in a step, relative to the threshold.
    private static func gap(
        _ trace: Trace, _ network: Network, _ entry: Int, _ neuron: Int, step: Int
    ) -> Float {
        var (layer, unit) = (0, neuron)
        while unit >= network.layers[layer].neurons {
            unit -= network.layers[layer].neurons
            layer += 1
        }
        let parameters = network.layers[layer].parameters
        let threshold = Float(parameters.vThreshold - parameters.vLeak)
        return abs(trace.layers[layer].membranes[entry, step, unit] - threshold) / threshold
    }

    @Test func theDifferenceShrinksAsTheHostGridIsRefined() throws {
        let window = 4_096
        var errors: [(step: Int, count: Double, time: Double)] = []
        for hostStep in [256, 128, 64, 32, 16] {
            var profile = ChipProfile.ideal
            profile.integration.longestStep = 8
            var different = 0
            var total = 0
            var timeSum = 0.0
            var compared = 0
            for index in 0..<30 {
                let trial = try trial(
                    index, hostStep: hostStep, inputGrid: 1, samplePeriod: 256, window: window,
                    integration: .releasedCode)
                let host = hostSpikes(hostTrace(trial, hostStep: hostStep), hostStep: hostStep)
                let chip = bySource(try chipSpikes(trial, profile))
                for entry in host.indices {
                    for neuron in Set(host[entry].keys).union(chip[entry].keys) {
                        let (left, right) = (host[entry][neuron] ?? [], chip[entry][neuron] ?? [])
                        different += abs(left.count - right.count)
                        total += right.count
                        if let a = left.first, let b = right.first {
                            timeSum += Double(abs(a - b))
                            compared += 1
                        }
                    }
                }
            }
            errors.append(
                (hostStep, Double(different) / Double(total), timeSum / Double(compared)))
        }
        print("host grid [ticks], share of spikes more or fewer, mean difference of first spikes [ticks]:")
        for error in errors { print(error.step, error.count, error.time) }
        for (coarse, fine) in zip(errors, errors.dropFirst()) {
            #expect(fine.time < 0.75 * coarse.time, "seed \(Self.seed): \(errors)")
            #expect(fine.count < coarse.count, "seed \(Self.seed): \(errors)")
        }
    }
}
