import Substrate

/// Batches on a small network, each a function of its number.
enum SmallBatch {
    /// Five inputs, twelve spiking neurons, three readouts; 10 us windows of six samples.
    private static let configuration = ChipConfiguration(
        inputCount: 5,
        populations: [
            .init(kind: .spiking, size: 12, targets: targets), .init(kind: .integrating, size: 3, targets: targets),
        ],
        projections: [.init(source: .inputs, target: 0), .init(source: .population(0), target: 1)],
        window: 1_250, sampleCount: 6, samplePeriod: 212, noiseSeed: 17)

    private static let targets = NeuronTargets(
        leak: 80, reset: 80, threshold: 125, tauMem: 10, tauSynExcitatory: 5, tauSynInhibitory: 5,
        refractory: 1, synapticGain: 0.5)

    /// A batch with weights and events of its own.
    static func make(_ number: UInt64, entries: Int) -> DeviceBatch {
        // A Weyl sequence, scrambled: enough for weights and times that differ.
        var state = number &* 0x9E37_79B9_7F4A_7C15
        func next(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var synapses = SynapseMatrix(silentFor: configuration)
        for index in synapses.codes.indices { synapses.codes[index] = Int8(next(81) - 20) }
        var inputs = SpikeTrains()
        for _ in 0..<entries {
            inputs.append((0..<15).map { _ in SpikeEvent(tick: .init(next(1_200)), unit: .init(next(5))) })
        }
        return DeviceBatch(
            id: number, configuration: configuration, synapses: synapses, inputs: inputs,
            observables: Observables(spikes: true, membranes: 12..<15))
    }
}
