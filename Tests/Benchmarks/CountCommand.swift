import ArgumentParser
import Foundation

/// `benchmarks count`: instructions of a pattern, by Valgrind, which do not depend on what else the machine does.
struct CountCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count",
        abstract: "Count the instructions of a pattern by Valgrind's callgrind.",
        discussion: """
            Each benchmark runs twice on one thread, on few and on more batches; the difference is what a pattern takes,
            setting up left out. Valgrind knows no AVX-512, so AVX2 and baseline are counted. Debian: valgrind, binutils.
            """)

    @Argument(
        help: ArgumentHelp(
            "Names of: \(CountedWork.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "name"))
    var names: [CountedWork] = CountedWork.allCases

    @Option(help: ArgumentHelp("Functions that are listed.", valueName: "count"))
    var functions = 6

    /// Set where this process is the one whose instructions are counted, and is to run so many batches.
    @Option(help: .hidden)
    var batches: Int?

    @Option(help: .hidden)
    var level = KernelChoice.avx2

    func run() throws {
        if let batches {
            for name in names { try name.run(batches: batches, level: level) }
            return
        }
        for name in names {
            for level in [KernelChoice.baseline, .avx2] where KernelChoice.available.contains(level) {
                let few = try profile(name, batches: 2, level: level)
                let more = try profile(name, batches: 2 + Self.countedBatches, level: level)
                let patterns = Double(Self.countedBatches * Workload().batchSize)
                var rows: [(function: String, count: Double)] = []
                for (function, count) in more {
                    rows.append((function, (count - (few[function] ?? 0)) / patterns))
                }
                rows.sort { ($1.count, $0.function) < ($0.count, $1.function) }
                let total = rows.reduce(0) { $0 + $1.count }
                print(
                    MeasurementTable.row("\(name.rawValue), \(level.rawValue)", [MeasurementTable.whole(total)])
                        + "  instructions a pattern")
                for row in rows.prefix(functions) where row.count * 200 > total {
                    print(
                        MeasurementTable.row("    \(Self.readable(row.function))", [MeasurementTable.whole(row.count)]))
                }
            }
        }
    }

    private static let countedBatches = 4

    /// Instructions by function, of a run of this program.
    private func profile(
        _ name: CountedWork, batches: Int, level: KernelChoice
    ) throws -> [String: Double] {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("callgrind-\(ProcessInfo.processInfo.processIdentifier)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("counts").path
        let program = folder.appendingPathComponent("benchmarks").path
        // Valgrind stops at debug information of the newer kind; the names of functions stay.
        try Self.tool("strip", "--strip-debug", "-o", program, ChildProgram.ownPath)
        try Self.tool(
            "valgrind", "--tool=callgrind", "--callgrind-out-file=\(file)", program, "count", name.rawValue,
            "--batches", "\(batches)", "--level", level.rawValue)
        return CallgrindTable.functions(
            try Self.tool("callgrind_annotate", "--threshold=100", "--show-percs=no", file))
    }

    /// What a program of the path prints.
    @discardableResult private static func tool(_ words: String...) throws -> String {
        try ChildProgram("/usr/bin/env", words, keepsErrors: false).run()
    }

    /// Names of Swift functions as in the source, where the toolchain is at hand; others as they are.
    private static func readable(_ function: String) -> String {
        let text = (try? tool("swift", "demangle", "--compact", "--simplified", function)) ?? function
        return String(text.split(separator: "\n").first ?? "")
    }
}

/// What instructions are counted of.
enum CountedWork: String, ExpressibleByArgument, CaseIterable {
    case emulator, step20, step100

    /// Runs batches of 100 on one thread.
    func run(batches: Int, level: KernelChoice) throws {
        switch self {
        case .emulator: try EmulatorBenchmark().run(batches: batches, level: level)
        case .step20, .step100:
            var step = try SoftwareStep(.reference(steps: self == .step20 ? 20 : 100), threads: 1, level: level)
            for index in 0..<batches { _ = step.run(index, learning: false) }
        }
    }
}
