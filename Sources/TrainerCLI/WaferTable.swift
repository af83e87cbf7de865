import Charts

/// What came of a wafer, as text: the distribution in numbers and as a strip plot, and what failed.
package struct WaferTable {
    /// The text, lines joined.
    package let text: String

    /// The table of a wafer.
    ///
    /// - Parameters:
    ///   - folder: where its files are.
    package init(_ record: WaferRecord, folder: String) {
        var lines = [record.heading, ""]
        func row(_ name: String, _ value: String) { lines.append("  \(TextFormat.left(name, 15))\(value)") }
        if let sample = record.testAccuracy {
            let spread = sample.standardDeviation.map { ", SD \(TextFormat.percent($0))" } ?? ""
            row("test accuracy", "mean \(TextFormat.percent(sample.mean))\(spread)")
            row(
                "quartiles",
                [sample.lowerQuartile, sample.median, sample.upperQuartile].map(TextFormat.percent)
                    .joined(separator: ", "))
            row("worst", Self.words(record.accuracies.min { $0.accuracy < $1.accuracy }))
            row("best", Self.words(record.accuracies.max { $0.accuracy < $1.accuracy }))
            lines.append("")
            lines += Self.strip(record.accuracies.map(\.accuracy)).map { "  \($0)" }
            lines.append("")
        }
        for chip in record.failed {
            lines.append("  serial \(chip.serial) failed: \(chip.problem ?? "")")
        }
        row("folder", folder)
        text = lines.joined(separator: "\n")
    }

    private static func words(_ chip: (serial: UInt64, accuracy: Double)?) -> String {
        guard let chip else { return "-" }
        return "\(TextFormat.percent(chip.accuracy)) (serial \(chip.serial))"
    }

    // MARK: Strip plot

    private static let width = 60
    private static let height = 6

    /// A dot for each chip, stacked where they meet, over the box of the quartiles and an axis; a stack that is full
    /// ends in a `+`.
    ///
    /// - Parameters:
    ///   - accuracies: shares; at least one.
    package static func strip(_ accuracies: [Double]) -> [String] {
        guard let low = accuracies.min(), let high = accuracies.max() else { return [] }
        let sorted = accuracies.sorted()
        func column(_ value: Double) -> Int {
            high > low ? Int(((value - low) / (high - low) * Double(width - 1)).rounded()) : width / 2
        }
        var stacks = [Int](repeating: 0, count: width)
        for value in sorted { stacks[column(value)] += 1 }
        let top = min(height, stacks.max() ?? 0)
        let rows = (0..<top).reversed().map { level in
            stacks.map { count in
                count <= level ? " " : level == height - 1 && count > height ? "+" : "•"
            }.joined()
        }
        let ends = (TextFormat.percent(low), TextFormat.percent(high))
        let gap = String(repeating: " ", count: max(1, width - ends.0.count - ends.1.count))
        let axis = high > low ? ends.0 + gap + ends.1 : TextFormat.right(ends.0, width / 2 + ends.0.count / 2)
        return (rows + [box(sorted, column: column), axis]).map(trimmed)
    }

    /// The quartiles as a bar, the median as a mark in it, the extremes as the ends of a line.
    private static func box(_ sorted: [Double], column: (Double) -> Int) -> String {
        guard let sample = SampleStatistics(sorted) else { return "" }
        let (first, last) = (column(sample.minimum), column(sample.maximum))
        let (lower, upper) = (column(sample.lowerQuartile), column(sample.upperQuartile))
        return (0..<width).map { place in
            if place == column(sample.median) { return "┃" }
            if place == first { return lower == first ? "▒" : "├" }
            if place == last { return upper == last ? "▒" : "┤" }
            if (lower...upper).contains(place) { return "▒" }
            return (first...last).contains(place) ? "─" : " "
        }.joined()
    }

    private static func trimmed(_ line: String) -> String {
        var line = line
        while line.last == " " { line.removeLast() }
        return line
    }
}
