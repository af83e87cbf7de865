import SpikingNetworks

/// A rule that changes nothing and keeps what surrogate-gradient training would have computed.
struct GradientProbe: LearningRule {
    /// All that came of a minibatch.
    struct Part: Sendable {
        var example: Example
        var gradients: Gradients
        var trace: Trace
        var outcome: StepOutcome
    }

    private let rule: SurrogateGradientRule
    private(set) var part: Part?

    init(rule: SurrogateGradientRule) {
        self.rule = rule
    }

    var demand: ObservableDemand { rule.demand }

    func part(
        of network: Network, on example: Example, share: Double, clock: inout StepClock
    ) -> Part {
        let result = rule.gradients(of: network, on: example, clock: &clock)
        return Part(
            example: example, gradients: result.gradients, trace: result.trace, outcome: result.outcome)
    }

    /// Traps unless the minibatch came in one part.
    mutating func update(
        _ network: inout Network, by parts: [Part], clock: inout StepClock
    ) -> StepOutcome {
        precondition(parts.count == 1, "a probe of \(parts.count) parts")
        part = parts[0]
        return parts[0].outcome
    }

    mutating func endEpoch() {}

    var state: RuleState {
        get { RuleState() }
        set {}
    }
}
