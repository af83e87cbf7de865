/// How far a run has come: with the weights and the rule's state, all that is needed to go on bit-exactly.
public struct RunProgress: Sendable, Equatable, Codable {
    /// The epoch under way, from 0.
    public var epoch = 0
    /// Minibatches done in it.
    public var stepInEpoch = 0
    /// Minibatches done in all.
    public var step = 0
    /// Number of the next device batch, training and evaluation alike; keys of temporal noise.
    public var nextBatch: UInt64 = 1
    /// Content hashes of the calibrations that the chip runs on; empty where none is needed.
    public var calibrations: [String] = []
    /// Sums over the epoch under way.
    public var epochSums = StepSums()
    /// What was found at the end of each epoch so far.
    public var history: [EpochReport] = []
    /// Sums over the whole run.
    public var totals = RunTotals()

    /// The start of a run.
    public init() {}
}

/// Sums over training steps.
public struct StepSums: Sendable, Equatable, Codable {
    /// Training patterns.
    public var patterns = 0
    /// Loss times patterns.
    public var loss = 0.0
    /// Training patterns classified correctly.
    public var correct = 0
    /// Hidden spikes: those that the device counted, or the model's in software.
    public var hiddenSpikes = 0
    /// Weights beyond the code range at the latest step.
    public var saturatedWeights = 0

    /// All zero.
    public init() {}

    /// Mean loss of a pattern.
    public var meanLoss: Double { patterns > 0 ? loss / Double(patterns) : 0 }
    /// Share of patterns classified correctly.
    public var accuracy: Double { patterns > 0 ? Double(correct) / Double(patterns) : 0 }
    /// Hidden spikes of a pattern.
    public var spikesPerPattern: Double { patterns > 0 ? Double(hiddenSpikes) / Double(patterns) : 0 }

    /// Adds the sums of other steps; the saturation is that of the later ones.
    public static func += (left: inout StepSums, right: StepSums) {
        left.patterns += right.patterns
        left.loss += right.loss
        left.correct += right.correct
        left.hiddenSpikes += right.hiddenSpikes
        left.saturatedWeights = right.saturatedWeights
    }
}

/// What was found at the end of an epoch.
public struct EpochReport: Sendable, Equatable, Codable {
    /// The epoch, from 1.
    public var epoch: Int
    /// Mean training loss.
    public var loss: Double
    /// Training accuracy while training.
    public var trainingAccuracy: Double
    /// Accuracy on the test set after the epoch.
    public var testAccuracy: Double
    /// Hidden spikes per training pattern.
    public var spikesPerPattern: Double
    /// Weights beyond the code range at the last step.
    public var saturatedWeights: Int

    /// A report; every argument has the meaning of the property of its name.
    public init(
        epoch: Int, loss: Double, trainingAccuracy: Double, testAccuracy: Double, spikesPerPattern: Double,
        saturatedWeights: Int
    ) {
        self.epoch = epoch
        self.loss = loss
        self.trainingAccuracy = trainingAccuracy
        self.testAccuracy = testAccuracy
        self.spikesPerPattern = spikesPerPattern
        self.saturatedWeights = saturatedWeights
    }
}
