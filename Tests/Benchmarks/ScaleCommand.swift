import ArgumentParser
import Charts
import Foundation
import InTheLoop

/// `benchmarks scale`: how the time of a pattern grows with the network, the steps, the events, the batch and the cores.
struct ScaleCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "Vary one size at a time, and fit how the time of a pattern grows.",
        discussion: """
            The work of a pattern is events x fan-out + neurons x steps, each with a constant that is fitted to all
            points first. Where hidden size, steps or events change, time is then fitted by a power of the work: an
            exponent of 1 or less says that it grows no faster. For batch and cores it is a power of these: -1 for cores
            says that twice as many take half the time.

            All points are timed once in each round, so that what happens on the machine for some seconds happens to
            few runs of a point, whose middle one counts.

            EXAMPLES
              benchmarks scale --svg scale.svg --sizes-svg sizes.svg --json scale.json
            """)

    @OptionGroup var machine: MachineOptions

    @Option(help: ArgumentHelp("Rounds, in each of which every point is timed.", valueName: "count"))
    var rounds = 5

    @Option(help: ArgumentHelp("Draw time against work into a file.", valueName: "file"))
    var svg: String?

    @Option(help: ArgumentHelp("Draw time against batch and cores into a file.", valueName: "file"))
    var sizesSvg: String?

    @Option(help: ArgumentHelp("Write points, fits and machine to a file.", valueName: "file"))
    var json: String?

    private struct Result: Codable {
        var machine: MachineDescription
        var parts: [PartResult] = []
    }

    private struct PartResult: Codable {
        var part: ScaleSweep.Part
        var work: WorkFit
        var sweeps: [ScaleSweep]
    }

    func validate() throws {
        guard (1...1_000).contains(rounds) else { throw ValidationError("--rounds is 1...1000, not \(rounds).") }
    }

    func run() async throws {
        let description = MachineDescription.current
        print(description.summary + "\n")
        print(MeasurementTable.row("what is varied", ["from", "to", "exponent", "worst fit"]))
        var result = Result(machine: description)
        for part in ScaleSweep.Part.allCases {
            var sweeps = ScaleSweep.Size.allCases.map { ScaleSweep(part: part, size: $0) }
            for _ in 0..<rounds {
                for index in sweeps.indices { try await sweeps[index].measure(machine) }
            }
            guard let work = WorkFit(sweeps) else { continue }
            for index in sweeps.indices {
                sweeps[index].fit(work)
                print(sweeps[index].text)
            }
            print(
                "    \(part.rawValue): \(Self.three(work.nanosecondsPerSynapticEvent)) ns for an event and a neuron that "
                    + "it reaches, \(Self.three(work.nanosecondsPerNeuronStep)) ns for a neuron and a step")
            result.parts.append(PartResult(part: part, work: work, sweeps: sweeps))
        }
        if let json {
            try ResultFile.write(result, to: json)
        }
        if let svg { try Data(workChart(result).svg().utf8).write(to: URL(fileURLWithPath: svg)) }
        if let sizesSvg { try Data(sizesChart(result).svg().utf8).write(to: URL(fileURLWithPath: sizesSvg)) }
    }

    /// Three digits after the point.
    private static func three(_ value: Double) -> String { "\((value * 1_000).rounded() / 1_000)" }

    /// Core time against work, both logarithmic: parallel to the black line means in proportion.
    private func workChart(_ result: Result) -> LineChart {
        var all: [LineChart.Series] = []
        for part in result.parts {
            for sweep in part.sweeps where sweep.size.changesWork {
                all.append(
                    LineChart.Series(
                        sweep.name,
                        sweep.points.map {
                            LineChart.Point(part.work.nanoseconds(of: $0) / 1_000, $0.coreNanoseconds / 1_000)
                        }))
            }
        }
        let places = all.flatMap(\.points).map(\.x)
        if let least = places.min(), let most = places.max() {
            all.append(
                LineChart.Series("in proportion", [LineChart.Point(least, least), LineChart.Point(most, most)]))
        }
        var chart = LineChart(
            title: "Time of a pattern against its work",
            x: Axis("fitted a x events x fan-out + b x neurons x steps (µs)", spacing: .logarithmic),
            y: Axis("core time of a pattern (µs)", spacing: .logarithmic), series: all)
        chart.subtitle =
            "one size varied at a time around 256-246-10, \(result.machine.processor), \(machine.level.rawValue)"
        return chart
    }

    /// Time against batch and cores, both logarithmic.
    private func sizesChart(_ result: Result) -> LineChart {
        let sweeps = result.parts.flatMap(\.sweeps).filter { !$0.size.changesWork }
        var chart = LineChart(
            title: "Time of a pattern against batch and cores",
            x: Axis("batch, cores", spacing: .logarithmic),
            y: Axis("time of a pattern (µs)", spacing: .logarithmic),
            series: sweeps.map { sweep in
                LineChart.Series(sweep.name, sweep.points.map { LineChart.Point($0.size, $0.nanoseconds / 1_000) })
            })
        chart.subtitle = "256-246-10, T 20, \(result.machine.processor), \(machine.level.rawValue)"
        return chart
    }
}
