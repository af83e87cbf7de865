import ChipEmulator
import Substrate

/// The emulated chip in this process, serial 1, without a link.
struct EmulatorBenchmark {
    /// What kind of chip.
    var profile: ChipProfile = .standard
    /// What it runs.
    var workload = Workload()
    /// What it records.
    var record = ChipWork.Record.spikes

    /// Times it.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        let profile = profile.widened(for: workload)
        let work = try ChipWork(workload, on: profile.geometry, record: record, threads: 1)
        var chip = EmulatedChip(
            profile: profile, serial: 1, threads: context.threads, instructionSet: context.level.instructionSet)
        var produced: UInt64 = 0
        var count = 0
        let runs = try await Timing.runs(context, batchSize: workload.batchSize) { index in
            var batch = work.batches[index % work.batches.count].batch
            batch.id = UInt64(index)
            produced += try chip.run(batch).accounting.produced
            count += workload.batchSize
        }
        return Measurement(
            name: name, work: "\(workload.name), \(profile.name), records \(record.rawValue)",
            threads: context.threads, level: context.level, eventsPerPattern: work.eventsPerPattern,
            spikesPerPattern: Double(produced) / Double(count), runs: runs)
    }

    /// Runs batches on one thread, for a count of instructions.
    func run(batches: Int, level: KernelChoice) throws {
        let work = try ChipWork(workload, on: profile.geometry, record: record, threads: 1)
        var chip = EmulatedChip(
            profile: profile, serial: 1, threads: 1, instructionSet: level.instructionSet)
        for index in 0..<batches {
            var batch = work.batches[index % work.batches.count].batch
            batch.id = UInt64(index)
            _ = try chip.run(batch)
        }
    }
}
