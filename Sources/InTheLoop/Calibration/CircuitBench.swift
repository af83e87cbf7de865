internal import Substrate

/// All neuron circuits of a chip as neurons of their own, and the batches that are run on them.
struct CircuitBench: Sendable {
    /// What happens during an entry, and what is recorded of it.
    struct Trial {
        /// Whether the comparators are on.
        var kind: ChipConfiguration.Population.Kind
        /// Length of an entry, in ticks.
        var window: Int
        /// Distance of CADC samples, in ticks.
        var samplePeriod: Int
        /// Input events of each entry.
        var inputs: SpikeTrains
        /// Weight code of each input row, for all circuits alike.
        var rowCodes: [Int8] = []
        /// A voltage that the CADC samples instead of the membranes, in LSB.
        var reference: Double?
    }

    /// What can be set.
    let parameters: NeuronParameters
    /// What the chip has.
    let geometry: ChipGeometry
    /// What the neurons shall be.
    let targets: NeuronTargets
    /// Number of the next batch.
    var nextBatch: UInt64
    /// Batches run.
    private(set) var batches = 0
    /// Chip time used, in seconds.
    private(set) var chipSeconds = 0.0
    /// Temperature of the chip in the last batch, in degrees Celsius.
    private(set) var temperature: Double?
    /// Key of the temporal noise and of writing errors, where the device is emulated.
    var noiseSeed: UInt64
    /// Whether the chip takes codes; otherwise they stand for targets.
    let takesCodes: Bool
    private let device: any SpikingDevice

    /// A bench on a device.
    ///
    /// - Throws: `invalidRequest` if the device is not calibrated by its host, or cannot have these targets.
    init(
        _ device: any SpikingDevice, description: DeviceDescription, targets: NeuronTargets,
        noiseSeed: UInt64, nextBatch: UInt64
    ) throws(DeviceError) {
        self.init(
            device, parameters: try CalibrationTargets(description).parameters(for: targets),
            takesCodes: true, geometry: description.geometry, targets: targets,
            noiseSeed: noiseSeed, nextBatch: nextBatch)
    }

    /// A bench on any device.
    ///
    /// - Parameters:
    ///   - parameters: what can be set; where the chip takes no codes, what codes stand for here.
    ///   - takesCodes: whether the chip takes codes.
    init(
        _ device: any SpikingDevice, parameters: NeuronParameters, takesCodes: Bool,
        geometry: ChipGeometry, targets: NeuronTargets, noiseSeed: UInt64, nextBatch: UInt64
    ) {
        self.device = device
        self.parameters = parameters
        self.takesCodes = takesCodes
        self.geometry = geometry
        self.targets = targets
        self.noiseSeed = noiseSeed
        self.nextBatch = nextBatch
    }

    /// Number of circuits.
    var circuits: Int { geometry.neuronCircuits }

    /// Most samples of an entry: every circuit may be a column of the trace memory.
    var sampleLimit: Int { min(256, geometry.traceMemoryBytes / circuits) }

    /// A sample period, in ticks, that spreads the samples there are over a window.
    func samplePeriod(window: Int, samples: Int) -> Int {
        let count = min(samples, sampleLimit)
        return min(max(geometry.minimumSamplePeriod, (window + count - 1) / count), ChipClock.maximumWindow)
    }

    /// Runs a batch with codes; shape of `codes`: `[circuit]`.
    mutating func run(
        _ trial: Trial, codes: [NeuronCodes]
    ) async throws(DeviceError) -> Recording {
        let rows = trial.rowCodes.count
        let populations = populations(trial.kind, codes: codes)
        let configuration = ChipConfiguration(
            inputCount: rows, populations: populations,
            projections: rows == 0 ? [] : populations.indices.map { .init(source: .inputs, target: $0) },
            window: trial.window,
            sampleCount: min(sampleLimit, trial.window / trial.samplePeriod),
            samplePeriod: trial.samplePeriod, noiseSeed: noiseSeed)
        let batch = DeviceBatch(
            id: nextBatch, configuration: configuration,
            synapses: SynapseMatrix(
                codes: populations.flatMap { population in
                    trial.rowCodes.flatMap { [Int8](repeating: $0, count: population.size) }
                }),
            inputs: trial.inputs,
            observables: Observables(
                spikes: trial.kind == .spiking, membranes: 0..<circuits,
                reference: trial.reference))
        nextBatch += 1
        let recording = try await device.run(batch)
        batches += 1
        chipSeconds += recording.execution.chipSeconds
        temperature = recording.temperature ?? temperature
        guard recording.membranes?.neurons == 0..<circuits else {
            throw DeviceError(
                .protocolViolation,
                "batch \(batch.id): membranes of \(circuits) circuits were asked for and did not come")
        }
        return recording
    }

    /// All circuits as one population with codes, or as populations of like neighbours with targets.
    private func populations(
        _ kind: ChipConfiguration.Population.Kind, codes: [NeuronCodes]
    ) -> [ChipConfiguration.Population] {
        if takesCodes { return [.init(kind: kind, size: circuits, targets: targets, codes: codes)] }
        var populations: [ChipConfiguration.Population] = []
        var last: NeuronCodes?
        for codes in codes {
            if codes == last {
                populations[populations.count - 1].size += 1
            } else {
                populations.append(.init(kind: kind, size: 1, targets: parameters.values(of: codes)))
            }
            last = codes
        }
        return populations
    }

    /// Entries without input events.
    static func silence(entries: Int) -> SpikeTrains {
        SpikeTrains(ends: [UInt32](repeating: 0, count: entries), events: [])
    }
}
