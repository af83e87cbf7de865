import ChipEmulator
import InTheLoop
import SpikingNetworks
import Substrate

/// A workload as device batches, with all that turns their recordings into training steps.
struct ChipWork {
    /// What is recorded.
    enum Record: String {
        /// Spikes, and the membranes of the readout.
        case spikes
        /// Spikes, and all membranes.
        case membranes
    }

    /// The work.
    let workload: Workload
    /// Encoder, network, mapping and rule.
    let setup: ExperimentSetup
    /// Where the network sits on the chip.
    let placement: Placement
    /// Recordings to observations.
    let alignment: Alignment
    /// Weight codes, and their scales by layer.
    let mapped: WeightMapping.Mapped
    /// Batches, each with the classes of its entries.
    let batches: [(batch: DeviceBatch, labels: [Int])]

    /// The work on a chip of a geometry.
    ///
    /// - Throws: `MappingError` where it does not fit.
    init(
        _ workload: Workload, on geometry: ChipGeometry, record: Record, threads: Int, noiseSeed: UInt64 = 1
    ) throws {
        let experiment = try Experiment(
            yaml: workload.experiment().resolved, source: workload.name,
            overrides: [("graph.measured", record.rawValue)])
        let setup = ExperimentSetup(
            experiment, featureCount: workload.inputs, classCount: workload.outputs,
            weightLimit: geometry.weightLimit, threads: threads)
        let scale = experiment.mapping.hiddenScale(weightLimit: geometry.weightLimit)
        let placement = try Placement(
            setup.network, on: geometry, chip: experiment.chip, hiddenScale: scale, noiseSeed: noiseSeed)
        let mapped = setup.mapping.quantize(setup.network)
        let neurons = placement.configuration.neuronCount
        let observables = Observables(
            spikes: true, membranes: record == .membranes ? 0..<neurons : neurons - workload.outputs..<neurons)
        self.workload = workload
        self.setup = setup
        self.placement = placement
        self.mapped = mapped
        alignment = Alignment(
            placement, grid: experiment.grid, chip: experiment.chip, hiddenScale: scale,
            spikeMembrane: 1 + experiment.graph.overshoot, threads: threads)
        batches = (0..<workload.batches).map { index in
            let batch = DeviceBatch(
                id: UInt64(index), configuration: placement.configuration, synapses: mapped.synapses,
                inputs: workload.inputs(batch: index), observables: observables)
            return (batch, workload.labels(batch: index))
        }
    }

    /// Mean input events of a pattern.
    var eventsPerPattern: Double {
        let events = batches.reduce(0) { $0 + $1.batch.inputs.eventCount }
        return Double(events) / Double(batches.count * workload.batchSize)
    }
}

extension ChipProfile {
    /// The same kind of chip, with room for a workload that one chip has not.
    func widened(for workload: Workload) -> ChipProfile {
        var profile = self
        let fanIn = workload.inputs + (workload.isRecurrent ? workload.hidden : 0)
        let circuits =
            workload.hidden * geometry.circuits(fanIn: fanIn)
            + workload.outputs * geometry.circuits(fanIn: workload.hidden)
        profile.geometry.neuronCircuits = max(circuits, geometry.neuronCircuits)
        profile.geometry.inputChannels = max(workload.inputs, geometry.inputChannels)
        return profile
    }
}
