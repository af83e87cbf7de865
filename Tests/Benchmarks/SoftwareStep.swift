import InTheLoop
import SpikingNetworks
import Tensors

/// A training step without a device, as a run takes it: forward, cross-entropy of the maximum over time, backward, Adam.
struct SoftwareStep {
    /// The work.
    let workload: Workload
    /// The network as it is now.
    private(set) var network: Network
    /// Input spikes and classes, batch by batch.
    let batches: [(input: GriddedSpikes, labels: [Int])]
    /// Constants of the loss.
    let loss: MaxOverTime
    /// The optimiser.
    private(set) var optimizer: Adam
    private let learningRate: Double
    private let threads: Int
    private let level: KernelLevel

    /// What a step says.
    struct Outcome {
        /// Mean loss of the batch.
        var loss: Double
        /// Hidden spikes of the batch.
        var hiddenSpikes: Int
    }

    /// A step of a workload, with its inputs on the grid already.
    init(_ workload: Workload, threads: Int, level: KernelChoice) throws {
        let experiment = try workload.experiment()
        let setup = ExperimentSetup(
            experiment, featureCount: workload.inputs, classCount: workload.outputs, weightLimit: 63,
            threads: threads)
        let scale = experiment.mapping.hiddenScale(weightLimit: 63)
        let placement = try Placement(
            setup.network, on: nil, chip: experiment.chip, hiddenScale: scale, noiseSeed: 0)
        let alignment = Alignment(placement, grid: experiment.grid, chip: experiment.chip, hiddenScale: scale)
        self.workload = workload
        network = setup.network
        batches = (0..<workload.batches).map {
            (alignment.grid(workload.inputs(batch: $0)), workload.labels(batch: $0))
        }
        loss = MaxOverTime(scale: experiment.objective.scale)
        optimizer = setup.rule.optimizer
        learningRate = optimizer.learningRate
        self.threads = threads
        self.level = level.kernelLevel
    }

    /// One step on a batch, counted around. Without learning the rate is zero, so that activity stays where it is; the
    /// work is the same.
    mutating func run(_ index: Int, learning: Bool) -> Outcome {
        let batch = batches[index % batches.count]
        optimizer.learningRate = learning ? learningRate : 0
        let report = optimizer.descend(
            &network, input: .gridded(batch.input), labels: batch.labels, loss: loss,
            regularization: Regularization(burst: 0, weightDecay: 0), threads: threads, level: level)
        return Outcome(loss: report.loss, hiddenSpikes: report.hiddenSpikes)
    }
}
