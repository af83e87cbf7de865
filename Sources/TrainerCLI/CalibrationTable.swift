import InTheLoop

/// A calibration, or a check of one, as a table.
package struct CalibrationTable {
    private var lines: [String] = []

    /// The text, lines joined.
    package var text: String { lines.joined(separator: "\n") }

    /// The table of a calibration.
    package init(_ report: CalibrationReport) {
        let summary = report.summary
        let good = summary.circuits - summary.failedCircuits
        lines.append(
            "\(report.isFresh ? "Calibrated" : "Kept calibration of") \(Self.words(report.device)): "
                + "\(TextFormat.count(good)) of \(TextFormat.count(summary.circuits)) neuron circuits within their limits"
        )
        lines.append("")
        row(["parameter", "target", "mean", "SD before", "SD after", "ratio", "SD aim", "failed"])
        for row in summary.rows {
            let digits = Self.decimals(row.bound)
            self.row([
                "\(row.parameter.name), \(row.parameter.unit)", TextFormat.decimal(row.target, digits),
                TextFormat.decimal(row.after.mean, digits),
                TextFormat.decimal(row.before.deviation, digits),
                TextFormat.decimal(row.after.deviation, digits), TextFormat.decimal(row.ratio, 3),
                TextFormat.decimal(row.bound, digits), TextFormat.count(row.failed),
            ])
        }
        lines.append("")
        lines.append(
            "  Mean and SD are over circuits, \(Int(Spread.trimmed * 100)) % trimmed at each end. A circuit fails that misses a target"
        )
        lines.append("  by more than three times the SD aimed at, or that could not be measured.")
        lines.append("")
        note(
            "took",
            "\(TextFormat.engineering(report.wallSeconds, "s")) for \(report.batches) batches, "
                + "\(TextFormat.engineering(report.chipSeconds, "s")) of chip time")
        if let temperature = report.temperature {
            note("temperature", "\(TextFormat.decimal(temperature, 1)) °C")
        }
        note("made", report.date + (report.isFresh ? "" : Self.ago(report.ageSeconds)))
        note("content", report.contentHash)
        for file in report.files { note("file", file) }
    }

    /// The table of a check.
    package init(_ check: CalibrationCheck) {
        let probe = check.probe
        let moved = probe.movedParameters.map(\.name).joined(separator: ", ")
        lines.append(
            check.isStale
                ? "STALE: the calibration of \(Self.words(check.device)) no longer fits (\(moved)); make a new one with --force"
                : "The calibration of \(Self.words(check.device)) still fits")
        lines.append("")
        row(["parameter", "median shift", "limit", "SD of shifts", "limit", "lost"])
        for shift in probe.shifts {
            let digits = Self.decimals(shift.deviationLimit)
            row([
                "\(shift.parameter.name), \(shift.parameter.unit)",
                (shift.median > 0 ? "+" : "") + TextFormat.decimal(shift.median, digits),
                TextFormat.decimal(shift.medianLimit, digits),
                TextFormat.decimal(shift.deviation, digits),
                TextFormat.decimal(shift.deviationLimit, digits), TextFormat.count(shift.lost),
            ])
        }
        lines.append("")
        lines.append("  Shifts are measured now less at the calibration, over circuits; SDs hold the probe's noise.")
        lines.append("")
        if let change = probe.temperatureChange {
            note("temperature", "\(change > 0 ? "+" : "")\(TextFormat.decimal(change, 1)) °C since the calibration")
        }
        note("age", check.ageSeconds.map(Self.age) ?? "unknown")
        note(
            "took",
            "\(TextFormat.engineering(probe.wallSeconds, "s")) for \(probe.batches) batches, "
                + "\(TextFormat.engineering(probe.chipSeconds, "s")) of chip time")
        note("content", check.contentHash)
    }

    /// An age in words: "12 s", "5 min", "3 h", "8 days".
    package static func age(_ seconds: Double) -> String {
        let units: [(Double, String)] = [(86_400 * 2, "days"), (3_600, "h"), (60, "min")]
        for (size, name) in units where seconds >= size {
            let length = name == "days" ? 86_400 : size
            return "\(TextFormat.count(Int(seconds / length))) \(name)"
        }
        return "\(TextFormat.count(Int(max(0, seconds)))) s"
    }

    private static func ago(_ seconds: Double?) -> String {
        seconds.map { ", \(age($0)) ago" } ?? ""
    }

    private static func words(_ device: CalibrationIdentity) -> String {
        let kind = device.kind == .emulator ? "emulated chip" : "chip"
        return "\(kind) (profile \(device.profile), serial \(device.serial))"
    }

    /// Decimals that show a hundredth of a bound, or better.
    private static func decimals(_ bound: Double) -> Int {
        var (digits, scaled) = (2, bound)
        while scaled < 1, digits < 6 { (digits, scaled) = (digits + 1, scaled * 10) }
        return digits
    }

    private mutating func row(_ cells: [String]) {
        let rest = cells.dropFirst().map { TextFormat.right($0, 13) }.joined()
        lines.append("  \(TextFormat.left(cells[0], 24))\(rest)")
    }

    private mutating func note(_ name: String, _ value: String) {
        lines.append("  \(TextFormat.left(name, 13))\(value)")
    }
}
