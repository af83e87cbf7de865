import ArgumentParser
import Foundation
import InTheLoop

/// `benchmarks step`: the software-only training step, for `Tests/Peers`.
struct StepCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "step",
        abstract: "Time the training step without a device, beside another program if need be.",
        discussion: """
            EXAMPLES
              benchmarks step --steps 100 --threads 1
              benchmarks step --steps 100 --export work.safetensors
                  the same events, labels and weights for other frameworks; nothing is timed
              benchmarks step --steps 100 --take-turns
                  says when it is ready, then answers each line SECONDS with a timed run; all in JSON
            """)

    @Option(help: ArgumentHelp("Points of the time grid.", valueName: "count"))
    var steps = 100

    @OptionGroup var machine: MachineOptions

    @Option(help: ArgumentHelp("Write the work to a safetensors file and stop.", valueName: "file"))
    var export: String?

    @Flag(help: "Time a run for each line of standard input that says for how many seconds.")
    var takeTurns = false

    @Option(help: ArgumentHelp("Timed runs.", valueName: "count"))
    var runs = 5

    /// Training steps whose losses are told, so that others can show that they compute the same.
    private static let checkedSteps = 5

    private struct Ready: Codable {
        var losses: [Double]
        var spikesPerPattern: Double
        var version: String
    }

    private struct Turn: Codable {
        var patternsPerSecond: Double
    }

    func validate() throws {
        guard (3...400).contains(steps) else { throw ValidationError("--steps is 3...400, not \(steps).") }
        guard (1...1_000).contains(runs) else { throw ValidationError("--runs is 1...1000, not \(runs).") }
    }

    func run() throws {
        var step = try SoftwareStep(.reference(steps: steps), threads: machine.threads, level: machine.level)
        if let export {
            try step.export.encoded().write(to: URL(fileURLWithPath: export))
            return
        }
        let outcomes = (0..<Self.checkedSteps).map { step.run($0, learning: true) }
        // A round of all batches warms up, and says how active the network is that will be timed.
        let spikes = (0..<step.batches.count).reduce(0) { $0 + step.run($1, learning: false).hiddenSpikes }
        try JSONLine.say(
            Ready(
                losses: outcomes.map(\.loss),
                spikesPerPattern: Double(spikes) / Double(step.batches.count * step.workload.batchSize),
                version: "volley \(VolleyVersion.current), \(machine.level.rawValue)"))
        if takeTurns {
            while let line = readLine() {
                guard let seconds = Double(line), seconds > 0, seconds < 3_600 else {
                    throw ValidationError("\"\(line)\" is not a number of seconds.")
                }
                try JSONLine.say(Turn(patternsPerSecond: step.rate(over: .seconds(seconds))))
            }
        } else {
            for _ in 0..<runs { try JSONLine.say(Turn(patternsPerSecond: step.rate(over: .seconds(1)))) }
        }
    }
}

extension SoftwareStep {
    /// Patterns a second over a time, at least two steps, without learning.
    mutating func rate(over time: Duration) -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        var elapsed = Duration.zero
        while elapsed < time || count < 2 {
            _ = run(count, learning: false)
            count += 1
            elapsed = start.duration(to: clock.now)
        }
        return Double(count * workload.batchSize) / (elapsed / .seconds(1))
    }
}
