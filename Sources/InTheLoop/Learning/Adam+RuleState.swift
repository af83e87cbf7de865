import SpikingNetworks
import Tensors

extension Adam {
    /// The optimiser's state as a checkpoint holds it; setting one of another network traps at the next update.
    var ruleState: RuleState {
        get {
            var result = RuleState(
                numbers: ["step": Double(state.step), "epoch": Double(state.epoch)])
            for (index, moments) in state.firstMoments.enumerated() {
                result.matrices["first.\(index)"] = moments
            }
            for (index, moments) in state.secondMoments.enumerated() {
                result.matrices["second.\(index)"] = moments
            }
            return result
        }
        set {
            state.step = Int(newValue.numbers["step"] ?? 0)
            state.epoch = Int(newValue.numbers["epoch"] ?? 0)
            for index in state.firstMoments.indices {
                state.firstMoments[index] =
                    newValue.matrices["first.\(index)"] ?? state.firstMoments[index]
                state.secondMoments[index] =
                    newValue.matrices["second.\(index)"] ?? state.secondMoments[index]
            }
        }
    }
}
