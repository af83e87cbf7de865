import ArgumentParser

/// `benchmarks pair`: two benchmarks by short turns, so that whatever else happens on the machine happens to both.
struct PairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pair",
        abstract: "Time two benchmarks, or one of two builds, by turns of a quarter of a second.",
        discussion: """
            Both processes stay up; the one whose turn it is not stands still. Each pair of turns gives a ratio, of which
            the median is told, with the range that holds the true median with 95 % confidence.

            EXAMPLES
              benchmarks pair emulator-bss2 daemon-spikes
                  what the daemon has of the emulator's rate
              benchmarks pair loop-membranes-in-process loop-membranes
                  what the link leaves of a training's rate
              benchmarks pair daemon-spikes --than before/Benchmarks
                  how much faster this build is than one from before, with its volleyd beside it
            """)

    @Argument(help: ArgumentHelp("The first.", valueName: "name"))
    var first: String

    @Argument(help: ArgumentHelp("The second (default: the first, of another build).", valueName: "name"))
    var second: String?

    @Option(help: ArgumentHelp("Program of another build that runs the first.", valueName: "file"))
    var than: String?

    @Option(help: ArgumentHelp("Turns of each.", valueName: "count"))
    var turns = 60

    @OptionGroup var machine: MachineOptions

    @Option(help: ArgumentHelp("Write all turns and the machine to a file.", valueName: "file"))
    var json: String?

    func validate() throws {
        guard second != nil || than != nil else {
            throw ValidationError(
                "\(first) is to be compared with what? Name a second benchmark, or --than another build.")
        }
        guard (6...10_000).contains(turns) else { throw ValidationError("--turns is 6...10000, not \(turns).") }
        for name in [first, second ?? first] {
            guard BenchmarkCase.all.contains(where: { $0.name == name }) else {
                throw ValidationError("There is no benchmark \"\(name)\"; `run --help` lists them.")
            }
        }
    }

    func run() async throws {
        let description = MachineDescription.current
        print(description.summary + "\n")
        let before = try Contestant(first, of: than ?? ChildProgram.ownPath, turns: turns, machine)
        defer { before.end() }
        let after = try Contestant(second ?? first, of: ChildProgram.ownPath, turns: turns, machine)
        defer { after.end() }
        var pair = PairedRuns()
        for turn in 0..<turns {
            // Whoever is first has what the other one left in the caches; so both are, by turns.
            if turn % 2 == 0 {
                let run = try before.turn()
                pair.add(run, try after.turn())
            } else {
                let run = try after.turn()
                pair.add(try before.turn(), run)
            }
        }
        print(MeasurementTable.row("", ["patterns/s", "min", "max"]))
        for (name, runs) in [(before.name, pair.first), (after.name, pair.second)] {
            let rates = runs.map(\.patternsPerSecond).sorted()
            print(
                MeasurementTable.row(
                    name, [rates[rates.count / 2], rates[0], rates[rates.count - 1]].map(MeasurementTable.whole)))
        }
        print("\n" + pair.text)
        if let json { try ResultFile.write(PairFile(machine: description, pair: pair), to: json) }
    }
}

/// What `pair --json` writes.
private struct PairFile: Codable {
    var machine: MachineDescription
    var pair: PairedRuns
}
