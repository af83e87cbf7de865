public import SpikingNetworks
internal import Tensors

/// In-the-loop training with surrogate gradients (Cramer, Billaudelle et al. 2022): measured values in the forward pass,
/// the model's derivatives in the backward pass, Adam, and a clamp to what the chip can express.
public struct SurrogateGradientRule: LearningRule {
    /// Loss on the readout.
    public var loss: any Loss
    /// Penalties.
    public var regularization: Regularization
    /// The optimiser.
    public var optimizer: Adam
    /// Whether hidden membranes are measured.
    public var measuresMembranes: Bool
    /// Largest magnitude of a hidden weight.
    public var hiddenWeightLimit: Float
    /// Threads of the kernels; the result does not depend on it.
    public var threads: Int

    /// A rule; every argument has the meaning of the property of its name.
    public init(
        loss: any Loss, regularization: Regularization, optimizer: Adam, measuresMembranes: Bool,
        hiddenWeightLimit: Float, threads: Int
    ) {
        self.loss = loss
        self.regularization = regularization
        self.optimizer = optimizer
        self.measuresMembranes = measuresMembranes
        self.hiddenWeightLimit = hiddenWeightLimit
        self.threads = threads
    }

    /// Spikes, and hidden membranes unless the experiment does without.
    public var demand: ObservableDemand {
        ObservableDemand(spikes: true, hiddenMembranes: measuresMembranes)
    }

    /// What some entries of a minibatch say.
    public enum Part: Sendable {
        /// All entries, as they are: the step takes them through all of itself at once.
        case whole(Example)
        /// The gradients of some entries, each a mean over them, and what they make up of the minibatch.
        case share(Double, Gradients, StepOutcome)
    }

    /// A minibatch that is there as a whole, or the gradients of some entries.
    public func part(
        of network: Network, on example: Example, share: Double, clock: inout StepClock
    ) -> Part {
        if share == 1 { return .whole(example) }
        let result = gradients(of: network, on: example, clock: &clock)
        return .share(share, result.gradients, result.outcome)
    }

    /// One step of gradient descent on a minibatch: along the mean of the parts' gradients, weighted by their shares.
    ///
    /// Traps without parts.
    public mutating func update(
        _ network: inout Network, by parts: [Part], clock: inout StepClock
    ) -> StepOutcome {
        let limits = network.layers.map { $0.kind == .spiking ? hiddenWeightLimit : nil }
        var sum: Gradients?
        var outcome = StepOutcome(loss: 0, correct: 0, hiddenSpikes: 0)
        for part in parts {
            switch part {
            case .whole(let example):
                return descend(&network, on: example, limits: limits, clock: &clock)
            case .share(let share, var gradients, let found):
                gradients.scale(by: Float(share))
                sum?.add(gradients, times: 1)
                sum = sum ?? gradients
                outcome.loss += found.loss * share
                outcome.correct += found.correct
                outcome.hiddenSpikes += found.hiddenSpikes
            }
        }
        guard let sum else { preconditionFailure("a minibatch of no parts") }
        optimizer.update(&network, with: sum, limits: limits, threads: threads)
        clock.end(.optimize)
        return outcome
    }

    private mutating func descend(
        _ network: inout Network, on example: Example, limits: [Float?], clock: inout StepClock
    ) -> StepOutcome {
        let report = optimizer.descend(
            &network, input: example.input, observation: example.observation, labels: example.labels,
            loss: loss, regularization: regularization, limits: limits, threads: threads)
        clock.end(
            .optimize,
            after: Array(zip([StepClock.Part.align, .replay, .loss, .backward], report.seconds)))
        return StepOutcome(
            loss: report.loss, correct: report.correct, hiddenSpikes: report.hiddenSpikes)
    }

    /// The gradients of an example, with the forward trace that they belong to.
    public func gradients(
        of network: Network, on example: Example, clock: inout StepClock
    ) -> (gradients: Gradients, trace: Trace, outcome: StepOutcome) {
        let trace = network.replay(example.input.gridded, observing: example.observation, threads: threads)
        clock.end(.replay)
        var value = loss.evaluate(readout: trace.readout, labels: example.labels)
        let penalty = regularization.activityPenalty(of: trace, addingTo: &value.gradient)
        clock.end(.loss)
        var gradients = network.backward(
            trace, readoutGradient: value.gradient, spikeGradient: penalty.spikeGradient, threads: threads)
        let weightPenalty = regularization.weightPenalty(of: network, addingTo: &gradients)
        clock.end(.backward)
        let outcome = StepOutcome(
            loss: value.value + penalty.value + weightPenalty, correct: value.correct,
            hiddenSpikes: trace.layers.dropLast().reduce(0) { $0 + $1.spikes.count })
        return (gradients, trace, outcome)
    }

    /// Lets the learning rate decay.
    public mutating func endEpoch() {
        optimizer.endEpoch()
    }

    /// Adam's moments and step.
    public var state: RuleState {
        get { optimizer.ruleState }
        set { optimizer.ruleState = newValue }
    }
}
