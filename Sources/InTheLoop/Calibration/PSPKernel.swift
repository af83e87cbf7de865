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

    /// Below this product of rate difference and time, the quotients lose digits and series take their place.
    private static let near = 1e-3

    /// The kernel of time constants in microseconds.
    init(tauMem: Double, tauSyn: Double) {
        a = 1 / tauMem
        b = 1 / tauSyn
    }

    /// Its largest value, at `ln(b / a) / (b - a)`.
    var peak: Double {
        let ratio = b / a
        let time = (ratio - 1).magnitude < Self.near ? 2 / (a + b) : PortableMath.log(ratio) / (b - a)
        return value(PortableMath.exp(-a * time), PortableMath.exp(-b * time), at: time)
    }

    /// `K` at time `t`, given `exp(-a t)` and `exp(-b t)`.
    func value(_ membrane: Double, _ current: Double, at time: Double) -> Double {
        let x = (b - a) * time
        // (1 - exp(-x)) / x = 1 - x/2 + x^2/6 - ...
        if x.magnitude < Self.near { return a * time * membrane * (1 - x / 2 + x * x / 6) }
        return a * (membrane - current) / (b - a)
    }

    /// `b dK/db` at time `t`, given `exp(-a t)` and `exp(-b t)`.
    func slope(_ membrane: Double, _ current: Double, at time: Double) -> Double {
        let x = (b - a) * time
        if x.magnitude < Self.near {
            return -a * b * time * time * membrane * (1.0 / 2 - x / 3 + x * x / 8)
        }
        let difference = b - a
        return a * b * (time * current - (membrane - current) / difference) / difference
    }
}
