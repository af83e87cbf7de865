package import InTheLoop

/// What is shown of a run, as lines: what to say, apart from when and where.
package struct ProgressLine {
    /// Epochs in all.
    package var epochs: Int
    /// Whether a device runs the forward passes.
    package var hasDevice: Bool
    /// Where the line goes.
    package var style: Console.Style

    /// Lines of a run; every argument has the meaning of the property of its name.
    package init(epochs: Int, hasDevice: Bool, style: Console.Style) {
        self.epochs = epochs
        self.hasDevice = hasDevice
        self.style = style
    }

    /// The line under way: a bar, the rate, the time left, and how learning goes.
    ///
    /// Parts that do not fit the width are left out from the right.
    ///
    /// - Parameters:
    ///   - remaining: seconds left; nil while unknown.
    package func bar(_ report: StepReport, remaining: Double?) -> String {
        let share = Double(report.stepInEpoch) / Double(max(report.stepsPerEpoch, 1))
        let left = remaining.map { "\(TextFormat.clock($0)) left" } ?? "time left unknown"
        var parts = [
            "epoch \(number(report.epoch))", style.bar(share), TextFormat.right("\(Int(share * 100)) %", 5),
            "\(TextFormat.decimal(report.totals.patternsPerSecond)) patterns/s", left,
            "loss \(TextFormat.decimal(report.sums.meanLoss, 3))",
            "accuracy \(TextFormat.percent(report.sums.accuracy))",
            "\(TextFormat.decimal(report.sums.spikesPerPattern, 1)) spikes/pattern",
        ]
        if hasDevice { parts.append(times(report.totals)) }
        return fitted(parts)
    }

    /// The line of a test under way.
    package func test(epoch: Int, patterns: Int, of total: Int) -> String {
        let share = Double(patterns) / Double(max(total, 1))
        return fitted([
            "epoch \(number(epoch))", style.bar(share), TextFormat.right("\(Int(share * 100)) %", 5),
            "testing \(TextFormat.count(patterns)) of \(TextFormat.count(total)) patterns",
        ])
    }

    /// The line that stays of an epoch.
    package func epoch(_ report: EpochReport, totals: RunTotals, remaining: Double?) -> String {
        var parts = [
            "epoch \(number(report.epoch))",
            "loss \(TextFormat.decimal(report.loss, 3))",
            "training \(TextFormat.percent(report.trainingAccuracy))",
            emphasised("test \(TextFormat.percent(report.testAccuracy))"),
            "\(TextFormat.decimal(report.spikesPerPattern, 1)) spikes/pattern",
            "\(TextFormat.decimal(totals.patternsPerSecond)) patterns/s",
        ]
        if hasDevice { parts.append(times(totals)) }
        if let remaining, report.epoch < epochs {
            parts.append("\(TextFormat.clock(remaining)) left")
        }
        return parts.joined(separator: "  ")
    }

    /// Whether the line of an epoch stays: the first, the last, and about twenty in between.
    package func keeps(epoch: Int) -> Bool {
        let every = max(1, epochs / 20)
        return epoch == 1 || epoch == epochs || epoch % every == 0
    }

    /// Chip time against the time on the wall, tests included.
    private func times(_ totals: RunTotals) -> String {
        let chip = totals.training.chipSeconds + totals.evaluation.chipSeconds
        let wall = totals.trainingSeconds + totals.evaluationSeconds
        return "chip \(TextFormat.engineering(chip, "s")), wall \(TextFormat.engineering(wall, "s"))"
    }

    private func number(_ epoch: Int) -> String {
        "\(TextFormat.right("\(epoch)", "\(epochs)".count))/\(epochs)"
    }

    private func emphasised(_ text: String) -> String {
        style.hasColour ? "\u{1B}[1m\(text)\u{1B}[0m" : text
    }

    /// As many parts as fit, one column left free so that no terminal wraps.
    private func fitted(_ parts: [String]) -> String {
        var line = ""
        var columns = 0
        for part in parts {
            let separator = line.isEmpty ? "" : " "
            let width = separator.count + Self.columns(part)
            guard columns + width < style.width else { break }
            line += separator + part
            columns += width
        }
        return line
    }

    /// Columns of a text, colour codes not counted.
    private static func columns(_ text: String) -> Int {
        var count = 0
        var isCode = false
        for character in text {
            if character == "\u{1B}" { isCode = true }
            if !isCode { count += 1 }
            if isCode, character == "m" { isCode = false }
        }
        return count
    }
}
