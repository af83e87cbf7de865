import ArgumentParser
import Charts
import Foundation
import InTheLoop

/// `volley plot`.
struct PlotCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Draw a table of results as an SVG picture.",
        discussion: """
            Rows with the same --x (and --by) are repetitions: the mean is drawn, and the
            standard deviation around it. What is drawn is also printed as a table.

            EXAMPLES
              volley plot results.csv --x mismatch --y test_accuracy --by weights \\
                  --percent --x-title "mismatch (%)" -o results.svg
                  a line for each value of the column "weights"
              volley plot wafer.csv --kind strip --y test_accuracy --percent -o wafer.svg
                  a dot for each row, and the box of the quartiles
              volley plot times.csv --kind histogram --y error_ns -o errors.svg
            """)

    /// What is drawn.
    enum Kind: String, ExpressibleByArgument, CaseIterable {
        case line
        case points
        case strip
        case histogram
    }

    @Argument(help: ArgumentHelp("A file of comma-separated values with a header.", valueName: "file"))
    var file: String

    @Option(help: ArgumentHelp("Column of the horizontal axis; for lines and points.", valueName: "column"))
    var x: String?

    @Option(help: ArgumentHelp("Column of the values.", valueName: "column"))
    var y: String

    @Option(help: ArgumentHelp("Column that names the line, or the row of a strip plot.", valueName: "column"))
    var by: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The picture to write; without it the table is printed alone.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("line, points, strip (dots and box) or histogram.", valueName: "kind"))
    var kind = Kind.line

    @Option(help: ArgumentHelp("Title of the picture.", valueName: "text"))
    var title: String?

    @Option(help: ArgumentHelp("Line below the title.", valueName: "text"))
    var subtitle: String?

    @Option(help: ArgumentHelp("Title of the horizontal axis, with its unit.", valueName: "text"))
    var xTitle: String?

    @Option(help: ArgumentHelp("Title of the axis of the values, with its unit.", valueName: "text"))
    var yTitle: String?

    @Flag(name: .customLong("logx"), help: "Logarithmic horizontal axis.")
    var logX = false

    @Flag(name: .customLong("logy"), help: "Logarithmic axis of the values.")
    var logY = false

    @Flag(help: "The values are shares: show them in per cent.")
    var percent = false

    @Option(
        name: .customLong("reference"),
        help: ArgumentHelp(
            "A value to compare with, drawn as a dashed line, in the picture's unit.", valueName: "value=name"))
    var references: [String] = []

    @Flag(help: "Print the table as JSON.")
    var json = false

    private var hasHorizontalColumn: Bool { kind == .line || kind == .points }

    func validate() throws {
        if hasHorizontalColumn, x == nil {
            throw ValidationError(
                "A picture of kind \(kind.rawValue) needs the column of its horizontal axis: --x COLUMN.")
        }
        if !hasHorizontalColumn, x != nil || logX {
            throw ValidationError(
                "A \(kind.rawValue) shows the values of --y along its horizontal axis; leave out --x and --logx.")
        }
        if kind == .histogram, by != nil || logY {
            throw ValidationError("A histogram shows one sample in bins of equal width; leave out --by and --logy.")
        }
        for text in references { _ = try Self.reference(text) }
    }

    func run() throws {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            let exists = FileManager.default.fileExists(atPath: file)
            throw CommandError(
                .inputOutput, exists ? "\(file) cannot be read as UTF-8 text." : "there is no file \(file).")
        }
        let groups = try PlotGroups(
            PlotTable(csv: text, source: file), x: x, y: y, by: by, scale: percent ? 100 : 1)
        if groups.skipped > 0 {
            Console.diagnostics.line("\(TextFormat.count(groups.skipped)) rows without a value are left out.")
        }
        guard !groups.groups.isEmpty else {
            throw CommandError(.badInput, "\(file) has no row with a value of \"\(y)\".")
        }
        if let output { try write(groups, to: output) }
        Console.output.line(
            json
                ? String(decoding: RunFolder.json(groups.rows), as: UTF8.self)
                : table(groups).joined(separator: "\n"))
    }

    // MARK: Picture

    private func write(_ groups: PlotGroups, to path: String) throws {
        let svg: String
        do {
            svg = try picture(groups)
        } catch let error as ChartError {
            throw CommandError(.badInput, "\(file): \(error)")
        }
        do {
            try AtomicFile.write(Data(svg.utf8), to: URL(fileURLWithPath: path))
        } catch {
            throw CommandError(.inputOutput, error.detail)
        }
    }

    private func picture(_ groups: PlotGroups) throws -> String {
        let title = title ?? URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent
        let values = Axis(
            yTitle ?? (percent ? "\(y) (%)" : y), spacing: logY ? .logarithmic : .linear)
        let references = try references.map(Self.reference)
        switch kind {
        case .line, .points:
            var chart = LineChart(
                title: title, x: Axis(xTitle ?? x ?? "", spacing: logX ? .logarithmic : .linear), y: values,
                series: groups.groups.map(series))
            let isRepeated = groups.groups.contains { $0.cells.contains { $0.values.count > 1 } }
            chart.subtitle = subtitle ?? (isRepeated ? "mean ± SD" : "")
            chart.references = references
            return try chart.svg()
        case .strip:
            var chart = DistributionChart(
                title: title, x: values,
                groups: groups.groups.map { .init($0.name, $0.cells.flatMap(\.values)) })
            chart.subtitle = subtitle ?? DistributionChart.key
            chart.references = references
            return try chart.svg()
        case .histogram:
            var chart = HistogramChart(
                title: title, x: values, values: groups.groups.flatMap(\.cells).flatMap(\.values))
            chart.subtitle = subtitle ?? ""
            chart.references = references
            return try chart.svg()
        }
    }

    /// The means of a group, with their deviations where a value was repeated.
    private func series(_ group: PlotGroups.Group) -> LineChart.Series {
        let points = group.cells.compactMap { cell -> LineChart.Point? in
            guard let sample = SampleStatistics(cell.values) else { return nil }
            let spread = sample.standardDeviation.map { sample.mean - $0...sample.mean + $0 }
            // A logarithmic axis has no room for a band that reaches below zero.
            let isShown = !logY || (spread?.lowerBound ?? 0) > 0
            return LineChart.Point(cell.x ?? 0, sample.mean, spread: isShown ? spread : nil)
        }
        return LineChart.Series(group.name, points, style: kind == .points ? .points : .band)
    }

    private static func reference(_ text: String) throws -> ReferenceLine {
        guard let split = text.firstIndex(of: "="), let value = Double(text[..<split]), value.isFinite else {
            throw ValidationError("--reference \(text): write VALUE=NAME, such as 86.3=silicon.")
        }
        return ReferenceLine(value, name: String(text[text.index(after: split)...]))
    }

    // MARK: Table

    /// A line for each cell, below a header.
    private func table(_ groups: PlotGroups) -> [String] {
        let rows = groups.rows
        var cells: [[String]] = []
        if let by { cells.append([by] + rows.map(\.name)) }
        if let x { cells.append([x] + rows.map { $0.x.map(Self.place) ?? "" }) }
        cells.append(["n"] + rows.map { "\($0.y.count)" })
        cells.append(["mean"] + rows.map { number($0.y.mean) })
        cells.append(["SD"] + rows.map { $0.y.standardDeviation.map(number) ?? "-" })
        cells.append(["min"] + rows.map { number($0.y.minimum) })
        cells.append(["max"] + rows.map { number($0.y.maximum) })
        let widths = cells.map { $0.map(\.count).max() ?? 0 }
        return (0...rows.count).map { row in
            zip(cells, widths).enumerated().map { index, column in
                let text = column.0[row]
                return by != nil && index == 0 ? TextFormat.left(text, column.1) : TextFormat.right(text, column.1)
            }.joined(separator: "  ")
        }
    }

    /// A place on the horizontal axis, without decimals that say nothing.
    private static func place(_ x: Double) -> String {
        Int(exactly: x).map { "\($0)" } ?? "\(x)"
    }

    /// A value with four digits or so.
    private func number(_ value: Double) -> String {
        if percent { return TextFormat.decimal(value, 2) + " %" }
        let size = value.magnitude
        let decimals = size >= 1_000 || size == 0 ? 0 : size >= 100 ? 1 : size >= 1 ? 3 : 5
        return size != 0 && size < 1e-3 ? "\(Float(value))" : TextFormat.decimal(value, decimals)
    }
}
