/// Exponential and logarithm from additions, multiplications and divisions only.
///
/// The C library picks variants by processor, whose last bits differ; a seed has to mean the same run everywhere.
public enum PortableMath {
    /// e to the power of x, within 2 units in the last place; 0 below -708, infinity above 709.
    public static func exp(_ x: Double) -> Double {
        if x.isNaN { return x }
        if x > 709 { return .infinity }
        if x < -708 { return 0 }
        // x = k ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts so that k ln 2 is exact in the first.
        let k = (x * 1.442_695_040_888_963_4).rounded()
        let r = (x - k * 0x1.62e42fee00000p-1) - k * 0x1.a39ef35793c76p-33
        var sum = 0.0
        for n in stride(from: 14, to: 0, by: -1) { sum = (sum + 1) * r / Double(n) }
        return Double(sign: .plus, exponent: Int(k), significand: 1 + sum)
    }

    /// The natural logarithm, within 2 units in the last place; NaN below 0, -infinity at 0.
    public static func log(_ x: Double) -> Double {
        if x.isNaN || x < 0 { return .nan }
        if x == 0 { return -.infinity }
        if x == .infinity { return x }
        var exponent = Double(x.exponent)
        var mantissa = x.significand
        if mantissa > 1.414_213_562_373_095_1 {
            mantissa /= 2
            exponent += 1
        }
        // ln m = 2 artanh(z), z = (m - 1) / (m + 1), |z| <= 0.172.
        let z = (mantissa - 1) / (mantissa + 1)
        let square = z * z
        var sum = 0.0
        for n in stride(from: 23, to: 1, by: -2) { sum = (sum + 1 / Double(n)) * square }
        let mantissaLog = 2 * z + 2 * z * sum
        return exponent * 0x1.62e42fee00000p-1
            + (exponent * 0x1.a39ef35793c76p-33 + mantissaLog)
    }
}
