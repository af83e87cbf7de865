import ChipEmulator

/// How a benchmark is run.
struct BenchmarkContext {
    /// Threads that work.
    var threads: Int
    /// Instruction set of the kernels.
    var level: KernelChoice
    /// Timed runs.
    var runs: Int
    /// Folder of data sets; nil for the usual ones.
    var data: String?
    /// Whether the process stops before each run, until it is told to go on, and tells of each run at once.
    var takesTurns = false
}

/// A benchmark by its name.
struct BenchmarkCase: Sendable {
    /// Its name, the same from version to version, by which results are compared.
    var name: String
    /// Whether the instruction set can be chosen; others take the processor's highest.
    var takesLevel: Bool
    /// Threads, where they are a part of what is measured.
    var threads: Int?
    private var body: @Sendable (String, BenchmarkContext) async throws -> Measurement

    private init(
        _ name: String, takesLevel: Bool = false, threads: Int? = nil,
        _ body: @escaping @Sendable (String, BenchmarkContext) async throws -> Measurement
    ) {
        self.name = name
        self.takesLevel = takesLevel
        self.threads = threads
        self.body = body
    }

    /// Times it.
    func measure(_ context: BenchmarkContext) async throws -> Measurement {
        var context = context
        context.threads = threads ?? context.threads
        return try await body(name, context)
    }

    /// All benchmarks, in the order in which they run.
    static let all: [BenchmarkCase] =
        ChipProfile.shippedNames.compactMap { ChipProfile.named($0) }.map { profile in
            emulator("emulator-\(profile.name)", EmulatorBenchmark(profile: profile))
        } + [
            emulator("emulator-membranes", EmulatorBenchmark(record: .membranes)),
            emulator("emulator-batch-1000", EmulatorBenchmark(workload: Workload(batchSize: 1_000, batches: 2))),
            emulator("emulator-one-pattern", EmulatorBenchmark(workload: Workload(batchSize: 1), record: .membranes)),
            emulator("emulator-hidden-1024", EmulatorBenchmark(workload: Workload(hidden: 1_024))),
        ]
        + [100, 400].flatMap { steps in
            [
                emulator(
                    "emulator-70-186r-20-T\(steps)",
                    EmulatorBenchmark(workload: .speech(inputs: 70, hidden: 186, steps: steps))),
                emulator(
                    "emulator-700-256r-20-T\(steps)",
                    EmulatorBenchmark(workload: .speech(inputs: 700, hidden: 256, steps: steps))),
            ]
        } + [
            BenchmarkCase("daemon-spikes") { try await DaemonBenchmark(record: .spikes).measure($0, $1) },
            BenchmarkCase("daemon-membranes") { try await DaemonBenchmark(record: .membranes).measure($0, $1) },
            BenchmarkCase("daemon-one-pattern") {
                try await DaemonBenchmark(workload: Workload(batchSize: 1), record: .membranes, isAhead: false)
                    .measure($0, $1)
            },
            BenchmarkCase("host-spikes") { try await HostBenchmark(record: .spikes).measure($0, $1) },
            BenchmarkCase("host-membranes") { try await HostBenchmark(record: .membranes).measure($0, $1) },
            step("step-T20-one-core", .reference(steps: 20), threads: 1),
            step("step-T100-one-core", .reference(steps: 100), threads: 1),
            step("step-T20", .reference(steps: 20)),
            step("step-T100", .reference(steps: 100)),
            step("step-hidden-512", Workload(hidden: 512)),
            step("step-hidden-1024", Workload(hidden: 1_024)),
            step("step-70-186r-20-T100", .speech(inputs: 70, hidden: 186, steps: 100)),
            step("step-70-186r-20-T400", .speech(inputs: 70, hidden: 186, steps: 400)),
            step("step-700-256r-20-T100", .speech(inputs: 700, hidden: 256, steps: 100)),
            step("step-700-256r-20-T400", .speech(inputs: 700, hidden: 256, steps: 400)),
            loop("loop-spikes", .daemon(.spikes)), loop("loop-membranes", .daemon(.membranes)),
            loop("loop-spikes-in-process", .process(.spikes)),
            loop("loop-membranes-in-process", .process(.membranes)),
            loop("loop-software", .software),
        ]

    private static func emulator(_ name: String, _ benchmark: EmulatorBenchmark) -> BenchmarkCase {
        BenchmarkCase(name, takesLevel: true) { try await benchmark.measure($0, $1) }
    }

    private static func loop(_ name: String, _ forward: LoopBenchmark.Forward) -> BenchmarkCase {
        BenchmarkCase(name) { try await LoopBenchmark(forward: forward).measure($0, $1) }
    }

    private static func step(_ name: String, _ workload: Workload, threads: Int? = nil) -> BenchmarkCase {
        BenchmarkCase(name, takesLevel: true, threads: threads) {
            try await StepBenchmark(workload: workload).measure($0, $1)
        }
    }
}
