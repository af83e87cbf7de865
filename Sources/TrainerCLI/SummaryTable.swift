package import InTheLoop
import Substrate

/// The summary of a run as a table that needs no other knowledge than what it was for.
package struct SummaryTable {
    private var lines: [String] = []

    /// The table of a run.
    ///
    /// - Parameters:
    ///   - folder: where the run's files are.
    ///   - testPatterns: patterns of the test set.
    package init(_ summary: RunSummary, folder: String, testPatterns: Int) {
        let device = Self.device(summary)
        lines.append("Trained \"\(summary.experiment)\" \(device)")
        lines.append("")
        row(
            "test accuracy", TextFormat.percent(summary.testAccuracy),
            "of \(TextFormat.count(testPatterns)) patterns that were not trained on")
        row(
            "training", TextFormat.percent(summary.trainingAccuracy),
            "in the last of \(summary.epochs) epochs, loss \(TextFormat.decimal(summary.trainingLoss, 3)), "
                + "seed \(summary.seed)")
        row(
            "activity", TextFormat.decimal(summary.spikesPerPattern, 1),
            "hidden spikes per pattern")
        addTimes(summary)
        addChip(summary)
        row("run folder", folder, "")
    }

    /// The text, lines joined.
    package var text: String { lines.joined(separator: "\n") }

    private static func device(_ summary: RunSummary) -> String {
        switch (summary.deviceProfile, summary.deviceSerial) {
        case (let profile?, let serial?):
            let kind = summary.deviceKind == "emulator" ? "an emulated chip" : "a chip"
            return "in the loop on \(kind) (profile \(profile), serial \(serial))"
        default: return "in software, without a device"
        }
    }

    private mutating func addTimes(_ summary: RunSummary) {
        row(
            "this machine", "\(TextFormat.decimal(summary.trainingSeconds, 1)) s",
            "of training at \(TextFormat.decimal(summary.patternsPerSecond)) patterns/s, "
                + "and \(TextFormat.decimal(summary.evaluationSeconds, 1)) s of tests")
        let split = summary.splitSeconds
        let total = split.host + split.link + split.device
        guard summary.deviceSerial != nil, total > 0 else { return }
        let work = summary.deviceKind == "emulator" ? "emulating the chip" : "the device"
        row(
            "", "",
            "host \(TextFormat.percent(split.host / total)), link \(TextFormat.percent(split.link / total)), "
                + "\(work) \(TextFormat.percent(split.device / total))")
    }

    private mutating func addChip(_ summary: RunSummary) {
        guard let events = summary.eventAccounting else { return }
        var costs = summary.chipTraining
        if let training = costs, let evaluation = summary.chipEvaluation { costs = training + evaluation }
        row(
            "chip time", TextFormat.engineering(summary.chipSeconds, "s"),
            "what the chip itself would take for all patterns, settings and read-out")
        if let costs { row("", "", costs.timeText()) }
        row(
            "chip energy", TextFormat.engineering(summary.energyJoules, "J"),
            "by the emulator's model of costs")
        if let costs { row("", "", costs.energyText()) }
        row(
            "events", TextFormat.engineering(Double(events.offered + events.produced), ""),
            "spikes in and out, \(TextFormat.count(events.dropped)) of them lost on the way")
        if summary.saturatedWeights > 0 {
            row(
                "saturation", TextFormat.count(summary.saturatedWeights),
                "weights at the end of the chip's range")
        }
    }

    private mutating func row(_ name: String, _ value: String, _ note: String) {
        let head = "  \(TextFormat.left(name, 14))\(TextFormat.left(value, 9))"
        var line = note.isEmpty ? head : "\(head) \(note)"
        while line.last == " " { line.removeLast() }
        lines.append(line)
    }
}
