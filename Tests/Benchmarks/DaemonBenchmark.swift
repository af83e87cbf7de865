import ChipEmulator
import DeviceClient
import InTheLoop
import Substrate
import Synchronization

/// The emulated chip behind the daemon, over `ipc://`.
struct DaemonBenchmark {
    /// What it runs.
    var workload = Workload()
    /// What it records.
    var record: ChipWork.Record
    /// Whether the next batches are with the daemon already while one runs, as in evaluations; else each waits for the
    /// result of the one before, as in training.
    var isAhead = true

    /// What the lanes have done.
    private struct Tally {
        var patterns = 0
        var produced: UInt64 = 0
        var deviceSeconds = 0.0
        /// When the last result came.
        var since = ContinuousClock.now
        var isEnough = false

        mutating func add(_ recording: Recording, patterns count: Int) {
            patterns += count
            produced += recording.accounting.produced
            deviceSeconds += recording.execution.deviceSeconds
            since = .now
        }
    }

    /// A tally that lanes share.
    private final class SharedTally: Sendable {
        let tally = Mutex(Tally())
    }

    /// Times it.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        let work = try ChipWork(
            workload, on: ChipProfile.standard.geometry, record: record, threads: 1)
        let daemon = try BundledDaemon(threads: context.threads)
        let shared = SharedTally()
        let lanes = isAhead ? DeviceBatch.pipelineDepth : 1
        let lane: @Sendable (Int) async throws -> Void = { [device = daemon.device, batches = work.batches] first in
            var index = first
            while shared.tally.withLock({ !$0.isEnough }) {
                var batch = batches[index % batches.count].batch
                batch.id = UInt64(index)
                let recording = try await device.run(batch)
                shared.tally.withLock { $0.add(recording, patterns: batch.inputs.entryCount) }
                index += lanes
            }
        }
        var runs: [TimedRun] = []
        do {
            // Each lane asks for its next batch when it has the result of its last; nobody stands between.
            runs = try await withThrowingTaskGroup(of: [TimedRun]?.self) { group in
                for first in 0..<lanes {
                    group.addTask {
                        try await lane(first)
                        return nil
                    }
                }
                group.addTask {
                    let runs = try await Timing.runs(context) {
                        shared.tally.withLock { ($0.patterns, $0.since) }
                    }
                    shared.tally.withLock { $0.isEnough = true }
                    return runs
                }
                var runs: [TimedRun] = []
                for try await found in group { runs = found ?? runs }
                return runs
            }
        } catch {
            await daemon.close()
            throw error
        }
        let total = shared.tally.withLock { $0 }
        let link = await daemon.device.linkStatistics
        var measurement = Measurement(
            name: name, work: "\(work.workload.name), \(ChipProfile.standard.name), records \(record.rawValue)",
            threads: context.threads, level: context.level, eventsPerPattern: work.eventsPerPattern,
            spikesPerPattern: Double(total.produced) / Double(total.patterns), runs: runs,
            partNanoseconds: link.parts(emulating: total.deviceSeconds, patterns: total.patterns),
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
