import ArgumentParser

/// Times the parts of Volley on this machine. Wall clock; medians over several runs, with the extremes beside them.
@main struct Benchmarks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmarks",
        abstract: "Time the parts of Volley on this machine.",
        subcommands: [RunCommand.self, StepCommand.self],
        defaultSubcommand: RunCommand.self)
}
