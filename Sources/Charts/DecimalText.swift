/// Numbers as text, rounded to a number of decimals; the same on every machine.
enum DecimalText {
    /// A number with exactly `decimals` decimals, digits before the point grouped by commas if asked for.
    static func fixed(_ value: Double, _ decimals: Int, isGrouped: Bool = false) -> String {
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = (value.magnitude * factor).rounded()
        guard scaled < 1e18 else { return "\(value)" }
        var digits = String(UInt64(scaled))
        while digits.count <= decimals { digits = "0" + digits }
        var whole = String(digits.dropLast(decimals))
        if isGrouped { whole = grouped(whole) }
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return decimals == 0 ? sign + whole : "\(sign)\(whole).\(digits.suffix(decimals))"
    }

    /// A coordinate: at most two decimals, none that say nothing.
    static func coordinate(_ value: Double) -> String {
        var text = fixed(value, 2)
        while text.hasSuffix("0") { text.removeLast() }
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    /// An integer in raised digits, for powers of ten.
    static func raised(_ value: Int) -> String {
        let digits: [Character] = ["⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"]
        let text = String(value.magnitude).compactMap(\.wholeNumberValue).map { digits[$0] }
        return (value < 0 ? "⁻" : "") + String(text)
    }

    private static func grouped(_ digits: String) -> String {
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}
