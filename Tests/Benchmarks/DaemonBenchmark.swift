import ChipEmulator
import DeviceClient
import InTheLoop
import Substrate

/// The emulated chip behind the daemon, over `ipc://`.
struct DaemonBenchmark {
    /// What it runs.
    var workload = Workload()
    /// What it records.
    var record: ChipWork.Record
    /// Whether the next batch is with the daemon already while one runs, as in evaluations; else each waits for the result
    /// of the one before, as in training.
    var isAhead = true

    /// Times it.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        let work = try ChipWork(
            workload, on: ChipProfile.standard.geometry, record: record, threads: 1)
        let daemon = try BundledDaemon(threads: context.threads)
        var produced: UInt64 = 0
        var count = 0
        var emulating = 0.0
        var rates: [Double] = []
        let run: @Sendable (Int) -> Task<Recording, any Error> = {
            [device = daemon.device, batches = work.batches] index in
            var batch = batches[index % batches.count].batch
            batch.id = UInt64(index)
            return Task { [batch] in try await device.run(batch) }
        }
        var ahead = isAhead ? run(0) : nil
        do {
            rates = try await Timing.rates(runs: context.runs, batchSize: work.workload.batchSize) { index in
                let present = ahead ?? run(index)
                if isAhead { ahead = run(index + 1) }
                let recording = try await present.value
                produced += recording.accounting.produced
                emulating += recording.execution.deviceSeconds
                count += work.workload.batchSize
            }
        } catch {
            await daemon.close()
            throw error
        }
        _ = try? await ahead?.value
        let link = await daemon.device.linkStatistics
        var measurement = Measurement(
            name: name, work: "\(work.workload.name), \(ChipProfile.standard.name), records \(record.rawValue)",
            threads: context.threads, level: context.level, eventsPerPattern: work.eventsPerPattern,
            spikesPerPattern: Double(produced) / Double(count), patternsPerSecond: rates,
            partNanoseconds: link.parts(emulating: emulating, patterns: count),
            peakMemory: daemon.peakMemory)
        await daemon.close()
        measurement.peakMemory += ProcessMemory.peak(of: "self")
        return measurement
    }
}

extension LinkStatistics {
    /// What a client's time for its device went to, given what of it the device says that it worked.
    func parts(emulating: Double, patterns: Int) -> [Measurement.Part] {
        [
            Measurement.Part("link out", seconds: encodingSeconds, patterns: patterns),
            Measurement.Part("emulate", seconds: emulating, patterns: patterns),
            Measurement.Part("link wait", seconds: max(0, waitingSeconds - emulating), patterns: patterns),
            Measurement.Part("link in", seconds: decodingSeconds, patterns: patterns),
        ]
    }
}
