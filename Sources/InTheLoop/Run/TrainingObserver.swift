/// Is told what a run does, and can ask it to stop.
public protocol TrainingObserver: Sendable {
    /// A minibatch is done.
    func stepped(_ report: StepReport)
    /// Some test patterns of an evaluation are done.
    func evaluated(patterns: Int, of total: Int)
    /// An epoch is done and tested.
    func finishedEpoch(_ report: EpochReport, totals: RunTotals)
    /// Something went wrong that does not stop the run.
    func warned(_ message: String)
    /// Whether the run should save a checkpoint and stop after the present minibatch.
    var shouldStop: Bool { get }
}

/// A minibatch as an observer sees it.
public struct StepReport: Sendable {
    /// The epoch under way, from 1.
    public var epoch: Int
    /// Epochs in all.
    public var epochs: Int
    /// Minibatches done in the epoch.
    public var stepInEpoch: Int
    /// Minibatches of an epoch.
    public var stepsPerEpoch: Int
    /// Sums over the epoch so far.
    public var sums: StepSums
    /// Sums over the run so far.
    public var totals: RunTotals

    /// A report; every argument has the meaning of the property of its name.
    public init(
        epoch: Int, epochs: Int, stepInEpoch: Int, stepsPerEpoch: Int, sums: StepSums, totals: RunTotals
    ) {
        self.epoch = epoch
        self.epochs = epochs
        self.stepInEpoch = stepInEpoch
        self.stepsPerEpoch = stepsPerEpoch
        self.sums = sums
        self.totals = totals
    }
}
