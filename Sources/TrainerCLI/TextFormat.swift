/// Numbers as people read them; the same on every machine.
package enum TextFormat {
    /// A number with a fixed count of decimals, digits grouped by commas.
    package static func decimal(_ value: Double, _ decimals: Int = 0) -> String {
        guard value.isFinite else { return value.isNaN ? "-" : (value < 0 ? "-inf" : "inf") }
        var factor = 1.0
        for _ in 0..<decimals { factor *= 10 }
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 1e15 else { return "\(value)" }
        var digits = String(UInt64(scaled))
        while digits.count <= decimals { digits = "0" + digits }
        let whole = grouped(String(digits.dropLast(decimals)))
        let sign = value < 0 && scaled > 0 ? "-" : ""
        return decimals == 0 ? sign + whole : "\(sign)\(whole).\(digits.suffix(decimals))"
    }

    /// A whole number, digits grouped by commas.
    package static func count(_ value: some BinaryInteger) -> String {
        (value < 0 ? "-" : "") + grouped("\(value.magnitude)")
    }

    /// A share as per cent with one decimal.
    package static func percent(_ share: Double) -> String { decimal(share * 100, 1) + " %" }

    /// A number with three significant digits and a prefix: 0.0000356 J is "35.6 µJ".
    package static func engineering(_ value: Double, _ unit: String) -> String {
        guard value != 0, value.isFinite else { return "\(decimal(value)) \(unit)" }
        var scaled = abs(value)
        var index = 4
        let prefixes = ["p", "n", "µ", "m", "", "k", "M", "G"]
        while scaled < 0.9995, index > 0 { (scaled, index) = (scaled * 1_000, index - 1) }
        while scaled >= 999.5, index < prefixes.count - 1 {
            (scaled, index) = (scaled / 1_000, index + 1)
        }
        let decimals = scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2
        return (value < 0 ? "-" : "") + decimal(scaled, decimals) + " \(prefixes[index])\(unit)"
    }

    /// A time on the clock: "8 s", "1:05", "2:03:09".
    package static func clock(_ seconds: Double) -> String {
        guard seconds.isFinite else { return "-" }
        let whole = Int(max(0, seconds).rounded())
        if whole < 60 { return "\(whole) s" }
        let tail = two(whole / 60 % 60) + ":" + two(whole % 60)
        if whole < 3_600 { return "\(whole / 60):\(two(whole % 60))" }
        return "\(whole / 3_600):\(tail)"
    }

    /// A number of bytes: "26.4 MB".
    package static func bytes(_ count: Int) -> String { engineering(Double(count), "B") }

    /// Text filled with spaces on the left.
    package static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// Text filled with spaces on the right.
    package static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    private static func two(_ value: Int) -> String { (value < 10 ? "0" : "") + "\(value)" }

    private static func grouped(_ digits: String) -> String {
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }
}
