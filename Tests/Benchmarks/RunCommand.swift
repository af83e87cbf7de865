import ArgumentParser
import Foundation
import InTheLoop

/// `benchmarks run`: times everything, or what is named, each benchmark in a process of its own.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Time all benchmarks or those named; done where no command is named.",
        discussion: """
            EXAMPLES
              benchmarks run --json before.json
              benchmarks run emulator --level avx2
                  all whose name begins with "emulator"
              benchmarks compare before.json after.json

            BENCHMARKS
              \(BenchmarkCase.all.map(\.name).joined(separator: "\n  "))

            The network is 256-246-10 with 20 steps, batches of 100 and the activity of MNIST, where the name does not
            say otherwise. "loop" needs MNIST and is left out without it. What takes no instruction set is left out
            where --level is not the processor's highest.
            """)

    @Argument(help: ArgumentHelp("Names, or how names begin (default: all).", valueName: "name"))
    var names: [String] = []

    @OptionGroup var machine: MachineOptions

    @Option(help: ArgumentHelp("Timed runs of each benchmark.", valueName: "count"))
    var runs = 7

    @Option(help: ArgumentHelp("Folder with data sets (default: $VOLLEY_DATA, then the cache).", valueName: "dir"))
    var data: String?

    @Option(help: ArgumentHelp("Write results and machine to a file.", valueName: "file"))
    var json: String?

    /// Set where this process is to time the one benchmark named, and to say the result in JSON.
    @Flag(help: .hidden)
    var here = false

    /// Set, besides, where it is to stop before each run until it is told to go on.
    @Flag(help: .hidden)
    var takeTurns = false

    private var chosen: [BenchmarkCase] {
        BenchmarkCase.all.filter { benchmark in
            names.isEmpty || names.contains { benchmark.name.hasPrefix($0) }
        }
    }

    func validate() throws {
        guard (1...1_000).contains(runs) else { throw ValidationError("--runs is 1...1000, not \(runs).") }
        for name in names where !BenchmarkCase.all.contains(where: { $0.name.hasPrefix(name) }) {
            throw ValidationError("No benchmark's name begins with \"\(name)\"; --help lists them.")
        }
    }

    func run() async throws {
        let context = BenchmarkContext(
            threads: machine.threads, level: machine.level, runs: runs, data: data, takesTurns: takeTurns)
        if here {
            guard let benchmark = BenchmarkCase.all.first(where: { $0.name == names.first }) else { return }
            var measurement = try await benchmark.measure(context)
            if measurement.peakMemory == 0 { measurement.peakMemory = ProcessMemory.peak(of: "self") }
            FileHandle.standardOutput.write(RunFolder.json(measurement))
            return
        }
        var result = ResultFile(machine: .current, measurements: [])
        print(result.machine.summary + "\n")
        print(MeasurementTable.header)
        var isComplete = true
        for benchmark in chosen where benchmark.takesLevel || machine.level == .best {
            do {
                let measurement = try inProcessOfItsOwn(benchmark)
                result.measurements.append(measurement)
                print(MeasurementTable.rows(measurement).joined(separator: "\n"))
            } catch {
                print("\(benchmark.name) is left out: \(error)")
                isComplete = false
            }
        }
        if let json { try ResultFile.write(result, to: json) }
        // Whoever names a benchmark wants it; of all, those are left out that lack what they need.
        if !isComplete, !names.isEmpty { throw ExitCode.failure }
    }

    /// A benchmark in a process of its own, so that its memory is its own and no other's threads are about.
    private func inProcessOfItsOwn(_ benchmark: BenchmarkCase) throws -> Measurement {
        var words = [
            "run", benchmark.name, "--here", "--threads", "\(machine.threads)", "--level", machine.level.rawValue,
            "--runs", "\(runs)",
        ]
        if let data { words += ["--data", data] }
        let text = try ChildProgram(ChildProgram.ownPath, words).run()
        return try JSONLine.value(Data(text.utf8))
    }
}
