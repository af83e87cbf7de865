internal import Tensors

/// The postsynaptic potential of one weight code at a gain of one.
///
/// With `a = 1 / tau_m` and `b = 1 / tau_s`, the solution of `tau_m dV/dt = -V + I`, `I = exp(-b t)` is
/// `K(t) = a (exp(-a t) - exp(-b t)) / (b - a)`.
struct PSPKernel {
    /// `1 / tau_m`, per microsecond.
    let a: Double
    /// `1 / tau_s`, per microsecond.
    let b: Double

    /// The kernel of time constants in microseconds.
    init(tauMem: Double, tauSyn: Double) {
        a = 1 / tauMem
        // At equal rates the quotient is 0 / 0; a part in 10,000 apart it is next to its limit and well conditioned.
        let rate = 1 / tauSyn
        b = (rate - a).magnitude < 1e-4 * a ? a * 1.000_1 : rate
    }

    /// Its largest value, at `ln(b / a) / (b - a)`.
    var peak: Double {
        let time = PortableMath.log(b / a) / (b - a)
        return value(PortableMath.exp(-a * time), PortableMath.exp(-b * time))
    }

    /// `K`, of `exp(-a t)` and `exp(-b t)`.
    func value(_ membrane: Double, _ current: Double) -> Double {
        a * (membrane - current) / (b - a)
    }

    /// `b dK/db` at time `t`.
    func slope(_ membrane: Double, _ current: Double, at time: Double) -> Double {
        let difference = b - a
        return a * b * (time * current / difference - (membrane - current) / (difference * difference))
    }
}
