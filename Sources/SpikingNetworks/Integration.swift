import Tensors

/// How the membrane follows the current from a step to the next; `a = exp(-dt/tauSyn)`, `b = exp(-dt/tauMem)`.
///
/// In all of them `I[t+1] = a I[t] + W S[t]`.
public enum Integration: String, Codable, Sendable, CaseIterable {
    /// `V[t+1] = b V[t] + k I[t+1]`: the released code of Cramer et al., PNAS 2022; k as in `membraneGain`.
    case releasedCode = "released_code"
    /// `V[t+1] = b V[t] + k I[t]`: the text of the same paper (its equation 2).
    case paperText = "paper_text"
    /// `V[t+1] = b V[t] + g I[t]`, g the exact propagator `R tauSyn/(tauMem-tauSyn) (b-a)`, for equal time constants
    /// its limit `R (dt/tau) exp(-dt/tau)`.
    case exponential
}

/// What happens to the membrane of a neuron that has spiked, on the next step; no gradient goes through it.
///
/// Only modelled membranes are reset: a measured one was reset by the chip.
public enum Reset: String, Codable, Sendable, CaseIterable {
    /// `V[t+1] = b V[t] + ... - S[t] (vThreshold - vReset)`.
    case subtract
    /// `V[t+1] = b V[t] (1 - S[t]) + ...`, from the reset potential if that is not the leak potential.
    case zero
    /// None.
    case off
}

/// What stands for the step function in the forward pass.
public enum SpikeFunction: String, Codable, Sendable {
    /// `S = 1` if `V > vThreshold`, else 0.
    case step
    /// `S` is the antiderivative of the surrogate gradient: the model whose exact gradient is the surrogate gradient,
    /// for checks by finite differences. Spikes are graded; needs `Reset.off`.
    case smoothed
}

/// The factors of a layer's recursions on a grid.
struct Propagators: Sendable, Equatable {
    /// Decay of the current over a step.
    var currentDecay: Float
    /// Decay of the membrane over a step.
    var membraneDecay: Float
    /// Factor of the current that drives the membrane.
    var gain: Float
    /// Whether the membrane is driven by the current of the new step instead of that of the old one.
    var drivenByNewCurrent: Bool

    init(_ parameters: LIFParameters, grid: TimeGrid, integration: Integration) {
        let dt = grid.stepMicroseconds
        let (tauMem, tauSyn) = (parameters.tauMem, parameters.tauSyn)
        let a = PortableMath.exp(-dt / tauSyn)
        let b = PortableMath.exp(-dt / tauMem)
        let chargeGain = parameters.membraneGain * tauSyn * (1 - a) * (1 - b) / dt
        currentDecay = Float(a)
        membraneDecay = Float(b)
        switch integration {
        case .releasedCode:
            gain = Float(chargeGain)
            drivenByNewCurrent = true
        case .paperText:
            gain = Float(chargeGain)
            drivenByNewCurrent = false
        case .exponential:
            // (b - a)/(tauMem - tauSyn) = a (exp(x) - 1)/x * dt/(tauMem tauSyn): no cancellation for near-equal constants.
            let x = dt / tauSyn - dt / tauMem
            let ratio =
                x.magnitude < 1e-3
                ? 1 + x / 2 * (1 + x / 3 * (1 + x / 4)) : (PortableMath.exp(x) - 1) / x
            gain = Float(parameters.membraneGain * a * ratio * dt / tauMem)
            drivenByNewCurrent = false
        }
    }
}
