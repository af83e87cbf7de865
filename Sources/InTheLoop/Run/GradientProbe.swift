import SpikingNetworks

/// A rule that changes nothing and keeps what surrogate-gradient training would have computed.
struct GradientProbe: LearningRule {
    private let rule: SurrogateGradientRule
    private(set) var gradients: Gradients?
    private(set) var trace: Trace?
    private(set) var outcome: StepOutcome?

    init(rule: SurrogateGradientRule) {
        self.rule = rule
    }

    var demand: ObservableDemand { rule.demand }

    mutating func update(
        _ network: inout Network, from example: Example, clock: inout StepClock
    ) -> StepOutcome {
        let result = rule.gradients(of: network, on: example, clock: &clock)
        gradients = result.gradients
        trace = result.trace
        outcome = result.outcome
        return result.outcome
    }

    mutating func endEpoch() {}

    var state: RuleState {
        get { RuleState() }
        set {}
    }
}
