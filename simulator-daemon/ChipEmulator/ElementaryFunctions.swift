/// Exponential and logarithm from plain arithmetic: a C library's last bits differ between processors, and a serial
/// has to mean the same chip everywhere.
enum ElementaryFunctions {
    /// e to the power of x: halved until below 2^-6, expanded by Taylor, squared back.
    static func exp(_ x: Double) -> Double {
        1 + expMinusOne(x)
    }

    /// exp(x) - 1 without loss near zero; -1 below -700, infinity above 700.
    ///
    /// Halving is undone by `expm1(2 y) = expm1(y) (expm1(y) + 2)`.
    static func expMinusOne(_ x: Double) -> Double {
        if x > 700 { return .infinity }
        if x < -700 { return -1 }
        var reduced = x
        var doublings = 0
        while reduced.magnitude > 0x1p-6 {
            reduced /= 2
            doublings += 1
        }
        var value = 0.0
        for n in stride(from: 9.0, to: 0, by: -1) { value = (value + 1) * reduced / n }
        for _ in 0..<doublings { value *= value + 2 }
        return value
    }

    /// (exp(x) - 1) / x, which is 1 at zero.
    static func expMinusOneOverX(_ x: Double) -> Double {
        x.magnitude < 0x1p-40 ? 1 : expMinusOne(x) / x
    }

    /// The sine of a number of turns, by Taylor within half a turn.
    static func sine(turns: Double) -> Double {
        let x = (turns - turns.rounded()) * 2 * .pi
        var sum = 0.0
        for n in stride(from: 26.0, to: 0, by: -2) { sum = 1 - sum * x * x / (n * (n + 1)) }
        return x * sum
    }

    /// The natural logarithm of a positive number: `ln(m 2^k) = 2 artanh((m - 1) / (m + 1)) + k ln 2`.
    static func log(_ x: Double) -> Double {
        precondition(x > 0 && x.isFinite, "the logarithm of \(x) is not a number")
        let halved = x.significand > 4.0 / 3
        let mantissa = halved ? x.significand / 2 : x.significand
        let ratio = (mantissa - 1) / (mantissa + 1)
        let square = ratio * ratio
        var sum = 0.0
        for n in stride(from: 25.0, to: 0, by: -2) { sum = sum * square + 1 / n }
        return 2 * ratio * sum + Double(x.exponent) * 0.693_147_180_559_945_3
            + (halved ? 0.693_147_180_559_945_3 : 0)
    }
}
