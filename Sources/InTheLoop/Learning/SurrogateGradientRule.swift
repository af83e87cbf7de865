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

    /// The gradients of some entries, each a mean over them.
    public struct Part: Sendable {
        var gradients: Gradients
        var outcome: StepOutcome
        var share: Double
    }

    /// The gradients of some entries.
    public func part(
        of network: Network, on example: Example, share: Double, clock: inout StepClock
    ) -> Part {
        let result = gradients(of: network, on: example, clock: &clock)
        return Part(gradients: result.gradients, outcome: result.outcome, share: share)
    }

    /// One step of gradient descent on a minibatch: along the mean of the parts' gradients, weighted by their shares.
    ///
    /// Traps without parts.
    public mutating func update(
        _ network: inout Network, by parts: [Part], clock: inout StepClock
    ) -> StepOutcome {
        precondition(!parts.isEmpty, "a minibatch of no parts")
        var gradients = parts[0].gradients
        var outcome = parts[0].outcome
        if parts.count > 1 {
            gradients.scale(by: Float(parts[0].share))
            outcome.loss *= parts[0].share
        }
        for part in parts.dropFirst() {
            gradients.add(part.gradients, times: Float(part.share))
            outcome.loss += part.outcome.loss * part.share
            outcome.correct += part.outcome.correct
            outcome.hiddenSpikes += part.outcome.hiddenSpikes
        }
        let limits = network.layers.map { $0.kind == .spiking ? hiddenWeightLimit : nil }
        optimizer.update(&network, with: gradients, limits: limits, threads: threads)
        clock.end(.optimize)
        return outcome
    }

    /// The gradients of an example, with the forward trace that they belong to.
    public func gradients(
        of network: Network, on example: Example, clock: inout StepClock
    ) -> (gradients: Gradients, trace: Trace, outcome: StepOutcome) {
        let trace = network.replay(example.input, observing: example.observation, threads: threads)
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
