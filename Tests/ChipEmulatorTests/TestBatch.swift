import ChipEmulator
import Substrate

/// Small batches for tests, and the random numbers they are made of.
struct TestBatch {
    /// Targets at the operating point of Cramer et al. 2022.
    static func targets(
        tauMem: Double = 6, excitatory: Double = 6, inhibitory: Double = 6,
        threshold: Double = 150, refractory: Double = 2, gain: Double = 1
    ) -> NeuronTargets {
        NeuronTargets(
            leak: 80, reset: 80, threshold: threshold, tauMem: tauMem,
            tauSynExcitatory: excitatory, tauSynInhibitory: inhibitory, refractory: refractory,
            synapticGain: gain)
    }

    /// One population of `size` neurons, all inputs to all of them.
    static func single(
        _ kind: ChipConfiguration.Population.Kind, size: Int = 1, inputs: Int = 1,
        targets: NeuronTargets = targets(), window: Int = 4_240, samples: Int = 20,
        noiseSeed: UInt64 = 1
    ) -> ChipConfiguration {
        ChipConfiguration(
            inputCount: inputs,
            populations: [.init(kind: kind, size: size, targets: targets)],
            projections: [.init(source: .inputs, target: 0)], window: window,
            sampleCount: samples, samplePeriod: 212, noiseSeed: noiseSeed)
    }

    /// A batch whose entries have the given events, as (tick, unit).
    static func batch(
        _ configuration: ChipConfiguration, codes: [Int8], entries: [[(Int, Int)]],
        membranes: Range<Int>? = nil, id: UInt64 = 1
    ) -> DeviceBatch {
        var inputs = SpikeTrains()
        for entry in entries {
            inputs.append(entry.map { SpikeEvent(tick: UInt16($0.0), unit: UInt16($0.1)) })
        }
        return DeviceBatch(
            id: id, configuration: configuration, synapses: SynapseMatrix(codes: codes),
            inputs: inputs,
            observables: Observables(
                spikes: true, membranes: membranes ?? 0..<configuration.neuronCount))
    }
}

extension NeuronParameters {
    /// The parameters of the default chip.
    static let brainScaleS2 = ChipProfile.standard.parameters
}

/// A small generator for tests (xorshift64*, S. Vigna 2016).
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
        for _ in 0..<8 { _ = next() }
    }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    /// A number from a range.
    mutating func number(_ range: ClosedRange<Double>) -> Double {
        Double.random(in: range, using: &self)
    }

    /// A random network: inputs to a hidden layer, perhaps recurrent, to readouts.
    mutating func network(recurrent: Bool) -> ChipConfiguration {
        func targets(_ random: inout TestRandom) -> NeuronTargets {
            NeuronTargets(
                leak: random.number(70...90), reset: random.number(60...90),
                threshold: random.number(130...170), tauMem: random.number(3...15),
                tauSynExcitatory: random.number(3...10), tauSynInhibitory: random.number(3...10),
                refractory: random.number(0.5...4), synapticGain: random.number(0.3...1.5))
        }
        let hidden = Int.random(in: 5...80, using: &self)
        var projections: [ChipConfiguration.Projection] = [.init(source: .inputs, target: 0)]
        if recurrent { projections.append(.init(source: .population(0), target: 0)) }
        projections.append(.init(source: .population(0), target: 1))
        return ChipConfiguration(
            inputCount: Int.random(in: 5...40, using: &self),
            populations: [
                .init(kind: .spiking, size: hidden, targets: targets(&self)),
                .init(kind: .integrating, size: 5, targets: targets(&self)),
            ],
            projections: projections, window: 4_240, sampleCount: 20, samplePeriod: 212,
            noiseSeed: 1)
    }

    /// Random codes, mostly excitatory at the inputs, weak elsewhere.
    mutating func codes(_ configuration: ChipConfiguration) -> [Int8] {
        configuration.projections.flatMap { projection in
            let count =
                configuration.sourceCount(projection)
                * configuration.populations[projection.target].size
            let range: ClosedRange<Int> = projection.source == .inputs ? -20...63 : -15...15
            return (0..<count).map { _ in Int8(Int.random(in: range, using: &self)) }
        }
    }

    /// Random events of an entry.
    mutating func events(_ configuration: ChipConfiguration, count: Int) -> [(Int, Int)] {
        var used: Set<Int> = []
        var events: [(Int, Int)] = []
        while events.count < count {
            let tick = Int.random(in: 1..<configuration.window, using: &self)
            let unit = Int.random(in: 0..<configuration.inputCount, using: &self)
            if used.insert(tick << 16 | unit).inserted { events.append((tick, unit)) }
        }
        return events
    }
}
