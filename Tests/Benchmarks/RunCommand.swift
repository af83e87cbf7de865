import ArgumentParser
import ChipEmulator
import Foundation

/// Times the parts of Volley on this machine. Wall clock; medians over several runs, with the extremes beside them.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Time the parts of Volley on this machine.",
        discussion: """
            EXAMPLES
              swift run -c release Benchmarks
                  the emulated chip in this process, default profile, reference network
              swift run -c release Benchmarks --profile ideal --threads 1 --runs 9 --json
            """)

    @Option(
        help: ArgumentHelp(
            "Chip profile: \(ChipProfile.shippedNames.joined(separator: ", ")).",
            valueName: "name"))
    var profile = ChipProfile.standard.name

    @Option(help: ArgumentHelp("Threads that emulate (default: one a core).", valueName: "count"))
    var threads = ProcessInfo.processInfo.activeProcessorCount

    @Option(help: ArgumentHelp("Timed runs of each benchmark.", valueName: "count"))
    var runs = 7

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        guard ChipProfile.named(profile) != nil else {
            throw ValidationError("There is no chip profile \"\(profile)\".")
        }
        guard (1...1_024).contains(threads), (1...1_000).contains(runs) else {
            throw ValidationError("--threads is 1...1024 and --runs 1...1000.")
        }
    }

    func run() throws {
        guard let profile = ChipProfile.named(profile) else { return }
        var results: [Measurement] = []
        for record in EmulatorBenchmark.Record.allCases {
            let benchmark = try EmulatorBenchmark(profile: profile, threads: threads, record: record)
            results.append(try benchmark.measure(runs: runs))
        }
        if json {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
            print(String(decoding: try encoder.encode(results), as: UTF8.self))
        } else {
            for result in results { print(result.text) }
        }
    }
}
