import ArgumentParser
import Dispatch

/// Times the parts of Volley on this machine. Wall clock; medians over several runs, with the extremes beside them.
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Time the parts of Volley on this machine.",
        subcommands: [
            RunCommand.self, PairCommand.self, CompareCommand.self, ScaleCommand.self, CountCommand.self,
            StepCommand.self,
        ],
        defaultSubcommand: RunCommand.self)
}

/// The process. Commands that do not wait for devices run without the thread pool of asynchronous ones: Valgrind, under
/// which `count` runs itself, does not survive it.
@main enum BenchmarksProcess {
    static func main() {
        do {
            var command = try Benchmarks.parseAsRoot()
            guard let waiting = command as? any AsyncParsableCommand else { return try command.run() }
            run(waiting)
        } catch {
            Benchmarks.exit(withError: error)
        }
    }

    private static func run(_ command: sending any AsyncParsableCommand) -> Never {
        Task {
            var command = command
            do {
                try await command.run()
                Benchmarks.exit()
            } catch {
                Benchmarks.exit(withError: error)
            }
        }
        dispatchMain()
    }
}
