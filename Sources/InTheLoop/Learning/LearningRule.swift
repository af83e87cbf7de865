public import SpikingNetworks
public import Tensors

/// Turns what was measured in a minibatch into changes of a network's weights.
///
/// A rule is a value: it says what it must see, it updates, and its state can be stored. It never asks which device ran.
public protocol LearningRule: Sendable {
    /// What the rule needs to see.
    var demand: ObservableDemand { get }

    /// What some entries of a minibatch say; parts are joined in the order of entries, whenever they came.
    associatedtype Part: Sendable

    /// What a device, or the model, says of some entries.
    ///
    /// - Parameters:
    ///   - network: the weights that ran, in model units.
    ///   - example: inputs, labels and what a device measured, of these entries.
    ///   - share: what they make up of the minibatch; the shares of all parts add up to 1.
    ///   - clock: told of each part of the step as it ends, for the split of host time.
    func part(
        of network: Network, on example: Example, share: Double, clock: inout StepClock
    ) -> Part

    /// Changes the network by all parts of a minibatch, in the order of entries.
    ///
    /// - Returns: the loss and what was classified.
    mutating func update(
        _ network: inout Network, by parts: [Part], clock: inout StepClock
    ) -> StepOutcome

    /// Ends an epoch: schedules move on.
    mutating func endEpoch()

    /// State beyond the network's weights, as named matrices; setting it takes the rule to where it was stored.
    var state: RuleState { get set }
}

extension LearningRule {
    /// Changes the network by a minibatch that is there as a whole.
    public mutating func update(
        _ network: inout Network, from example: Example, clock: inout StepClock
    ) -> StepOutcome {
        let whole = part(of: network, on: example, share: 1, clock: &clock)
        return update(&network, by: [whole], clock: &clock)
    }
}

/// A minibatch, or some of its entries, as a rule sees it.
public struct Example: Sendable {
    /// Input spikes.
    public var input: BatchSpikes
    /// Class of each entry.
    public var labels: [Int]
    /// What a device measured; nil in software runs.
    public var observation: Observation?

    /// A minibatch, or some of its entries, as a rule sees it.
    public init(input: BatchSpikes, labels: [Int], observation: Observation?) {
        self.input = input
        self.labels = labels
        self.observation = observation
    }
}

/// What came of a minibatch.
public struct StepOutcome: Sendable, Equatable {
    /// Loss with all penalties, mean over entries.
    public var loss: Double
    /// Entries classified correctly.
    public var correct: Int
    /// Hidden spikes on the host's grid over all entries.
    public var hiddenSpikes: Int

    /// What came of a minibatch.
    public init(loss: Double, correct: Int, hiddenSpikes: Int) {
        self.loss = loss
        self.correct = correct
        self.hiddenSpikes = hiddenSpikes
    }
}

/// A rule's state as a checkpoint holds it.
public struct RuleState: Sendable, Equatable {
    /// Matrices by name.
    public var matrices: [String: Matrix]
    /// Numbers by name.
    public var numbers: [String: Double]

    /// A rule's state as a checkpoint holds it.
    public init(matrices: [String: Matrix] = [:], numbers: [String: Double] = [:]) {
        self.matrices = matrices
        self.numbers = numbers
    }
}
