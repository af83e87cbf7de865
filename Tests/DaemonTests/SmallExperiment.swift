import Substrate

/// Small networks and their batches, all functions of their numbers.
enum SmallExperiment {
    /// Five inputs, twelve spiking neurons, three readouts; 10 us windows of six samples.
    static let configuration = ChipConfiguration(
        inputCount: 5,
        populations: [
            .init(kind: .spiking, size: 12, targets: targets),
            .init(kind: .integrating, size: 3, targets: targets),
        ],
        projections: [
            .init(source: .inputs, target: 0), .init(source: .population(0), target: 1),
        ],
        window: 1_250, sampleCount: 6, samplePeriod: 212, noiseSeed: 17)

    private static let targets = NeuronTargets(
        leak: 80, reset: 80, threshold: 125, tauMem: 10, tauSynExcitatory: 5, tauSynInhibitory: 5,
        refractory: 1, synapticGain: 0.5)

    /// A batch with weights and events of its own.
    static func batch(_ number: UInt64, entries: Int = 8, entrySpacing: Int = 0) -> DeviceBatch {
        var random = Scrambler(state: number)
        var configuration = configuration
        configuration.entrySpacing = entrySpacing
        var synapses = SynapseMatrix(silentFor: configuration)
        for index in synapses.codes.indices {
            synapses.codes[index] = Int8.random(in: -20...60, using: &random)
        }
        var inputs = SpikeTrains()
        for _ in 0..<entries {
            inputs.append(
                (0..<15).map { _ in
                    SpikeEvent(
                        tick: .random(in: 0..<1_200, using: &random),
                        unit: .random(in: 0..<5, using: &random))
                })
        }
        return DeviceBatch(
            id: number, configuration: configuration, synapses: synapses, inputs: inputs,
            observables: Observables(spikes: true, membranes: 12..<15))
    }

    /// A batch that takes seconds of a thread, on a chip whose steps are of one tick: 480 neurons, 60,000 steps an entry.
    static func longBatch(_ number: UInt64) -> DeviceBatch {
        var configuration = configuration
        configuration.populations[0].size = 480
        configuration.window = 60_000
        var inputs = SpikeTrains()
        for _ in 0..<1_000 { inputs.append([SpikeEvent(tick: 0, unit: 0)]) }
        return DeviceBatch(
            id: number, configuration: configuration, synapses: SynapseMatrix(silentFor: configuration), inputs: inputs,
            observables: Observables(spikes: true, membranes: 480..<483))
    }

    /// SplitMix64.
    private struct Scrambler: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
            return z ^ z >> 31
        }
    }
}

extension Recording {
    /// The recording without what depends on the computer's speed.
    var reproducible: Recording {
        var copy = self
        copy.execution.deviceSeconds = 0
        return copy
    }
}
