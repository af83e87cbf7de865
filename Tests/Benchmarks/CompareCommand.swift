import ArgumentParser

/// `benchmarks compare`: two files of results side by side.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Set two files of `run --json` side by side.",
        discussion: """
            A ratio is the second file's median by the first's. Where the ranges of the runs overlap, the difference is
            marked as noise.
            """)

    @Argument(help: ArgumentHelp("Results before.", valueName: "file"))
    var before: String

    @Argument(help: ArgumentHelp("Results after.", valueName: "file"))
    var after: String

    func run() throws {
        let (first, second) = (try ResultFile.read(before), try ResultFile.read(after))
        print("\(before): \(first.machine.summary)")
        print("\(after): \(second.machine.summary)\n")
        print(MeasurementTable.row("benchmark", ["before", "after", "ratio", "MiB", "MiB after"]))
        for comparison in Comparison.all(of: first.measurements, and: second.measurements) {
            print(comparison.text)
        }
    }
}

/// A benchmark in two files of results.
struct Comparison {
    /// Before.
    var before: Measurement
    /// After.
    var after: Measurement

    /// Benchmarks that both have on the same instruction set and threads, in the order of the first.
    static func all(of before: [Measurement], and after: [Measurement]) -> [Comparison] {
        before.compactMap { first in
            after.first { $0.name == first.name && $0.level == first.level && $0.threads == first.threads }
                .map { Comparison(before: first, after: $0) }
        }
    }

    /// How many times as fast after as before.
    var ratio: Double { after.median / before.median }

    /// Whether the slowest runs of the faster one are no faster than the fastest of the slower one.
    var isNoise: Bool { before.range.overlaps(after.range) }

    /// A line for people.
    var text: String {
        let hundredths = Int((ratio * 100).rounded())
        let ratioText = "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
        return MeasurementTable.row(
            before.name,
            [
                MeasurementTable.whole(before.median), MeasurementTable.whole(after.median), ratioText,
                MeasurementTable.whole(before.peakMemory), MeasurementTable.whole(after.peakMemory),
            ]) + (isNoise ? "  noise" : "")
    }
}
