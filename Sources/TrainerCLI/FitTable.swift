package import InTheLoop

/// A fitted profile as a table.
package struct FitTable {
    private var lines: [String] = []

    /// The text, lines joined.
    package var text: String { lines.joined(separator: "\n") }

    /// The table of a fit that was written to a file.
    package init(_ fit: ProfileFit, file: String) {
        let kind = fit.device.kind == .emulator ? "emulated chip" : "chip"
        lines.append("Fitted to \(kind) (profile \(fit.device.profile), serial \(fit.device.serial))")
        lines.append("")
        row("field", "value", "SE", "unit", "sample")
        for number in fit.numbers {
            let digits = Self.decimals(number.standardError)
            let value = TextFormat.decimal(number.value, digits)
            row(
                number.field.rawValue, number.isResolved ? value : "(\(value))",
                TextFormat.decimal(number.standardError, digits), number.field.unit,
                "\(TextFormat.count(number.sampleSize)) \(number.field.counted)")
        }
        for field in fit.unmeasured { row(field.rawValue, "-", "-", field.unit, "not measured") }
        lines.append("")
        lines.append(
            "  SE is the standard error for this kind of chip. Values in brackets cannot be told from zero and are")
        lines.append("  written as 0.")
        lines.append("")
        note(
            "took",
            "\(TextFormat.engineering(fit.wallSeconds, "s")) for \(fit.batches) batches, "
                + "\(TextFormat.engineering(fit.chipSeconds, "s")) of chip time")
        note("left out", "\(fit.circuitsLeftOut) of \(TextFormat.count(fit.circuits.leak.count)) circuits")
        note("file", file)
    }

    /// Decimals that show two digits of an error.
    private static func decimals(_ error: Double) -> Int {
        var (digits, scaled) = (1, error)
        while scaled < 1, digits < 5 { (digits, scaled) = (digits + 1, scaled * 10) }
        return digits
    }

    private mutating func row(_ name: String, _ value: String, _ error: String, _ unit: String, _ sample: String) {
        lines.append(
            "  \(TextFormat.left(name, 36))\(TextFormat.right(value, 10))\(TextFormat.right(error, 10))  "
                + "\(TextFormat.left(unit, 5))\(sample)")
    }

    private mutating func note(_ name: String, _ value: String) {
        lines.append("  \(TextFormat.left(name, 13))\(value)")
    }
}
