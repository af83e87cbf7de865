import ChipEmulator
import InTheLoop
import SpikeData
import Substrate
import Tensors

/// The emulated chip in this process on the reference network: 256 inputs, 246 LIF neurons, 10 readouts, batches of 100.
struct EmulatorBenchmark {
    /// What is recorded.
    enum Record: String, CaseIterable {
        /// Spikes, and the membranes of the readout.
        case readout
        /// Spikes, and all membranes.
        case membranes
    }

    private static let batchSize = 100
    private static let batches = 40

    private let profile: ChipProfile
    private let threads: Int
    private let record: Record
    private let configuration: ChipConfiguration
    private let synapses: SynapseMatrix
    private let inputs: [SpikeTrains]

    /// A benchmark of a chip of this kind.
    init(profile: ChipProfile, threads: Int, record: Record) throws {
        self.profile = profile
        self.threads = threads
        self.record = record
        let experiment = try Experiment(
            yaml: Presets.yaml("mnist16") ?? "", source: "mnist16",
            overrides: [
                ("network.hidden_mean", "0.007"), ("network.hidden_spread", "0.5"),
                ("network.readout_spread", "0.5"),
            ])
        let setup = ExperimentSetup(
            experiment, featureCount: 256, classCount: 10, weightLimit: profile.geometry.weightLimit,
            threads: threads)
        let placement = try Placement(
            setup.network, on: profile.geometry, chip: experiment.chip,
            hiddenScale: experiment.mapping.hiddenScale(weightLimit: profile.geometry.weightLimit),
            noiseSeed: experiment.seed)
        configuration = placement.configuration
        synapses = setup.mapping.quantize(setup.network).synapses
        inputs = (0..<Self.batches).map { Self.inputs(batch: $0, encoder: setup.encoder) }
    }

    /// Patterns like latency-coded MNIST: 22 % of the pixels above the encoder's threshold give 56 events on average.
    private static func inputs(batch: Int, encoder: any SpikeEncoder) -> SpikeTrains {
        var trains = SpikeTrains()
        var stream = RandomStream(seed: 1, purpose: .weights, UInt64(batch))
        for _ in 0..<batchSize {
            let features = (0..<256).map { _ -> Float in
                let level = Float(stream.nextUniform()) / 0.22
                return level < 1 ? 0.21 + 0.79 * level : 0
            }
            trains.append(encoder.encode(features))
        }
        return trains
    }

    /// Times several runs after one that warms up.
    func measure(runs: Int) throws -> Measurement {
        var chip = EmulatedChip(profile: profile, serial: 1, threads: threads)
        let neurons = configuration.neurons(ofPopulation: configuration.populations.count - 1)
        let membranes = record == .membranes ? 0..<configuration.neuronCount : neurons
        let clock = ContinuousClock()
        var rates: [Double] = []
        var spikes = 0.0
        for run in 0...runs {
            var produced: UInt64 = 0
            let elapsed = try clock.measure {
                for (index, trains) in inputs.enumerated() {
                    let recording = try chip.run(
                        DeviceBatch(
                            id: UInt64(index), configuration: configuration, synapses: synapses,
                            inputs: trains,
                            observables: Observables(spikes: true, membranes: membranes)))
                    produced += recording.accounting.produced
                }
            }
            let patterns = Double(Self.batchSize * inputs.count)
            spikes = Double(produced) / patterns
            if run > 0 { rates.append(patterns / (elapsed / .seconds(1))) }
        }
        let events = inputs.reduce(0) { $0 + $1.eventCount }
        return Measurement(
            name: "emulator \(profile.name), record \(record.rawValue)", threads: threads,
            patterns: Self.batchSize * inputs.count,
            eventsPerPattern: Double(events) / Double(Self.batchSize * inputs.count),
            spikesPerPattern: spikes, patternsPerSecond: rates.sorted())
    }
}
