import ChipEmulator
import DeviceClient
import Foundation
import InTheLoop
import SpikeData
import Substrate
import Synchronization

/// Training of `mnist16`, on all of MNIST: through the daemon, or in software.
struct LoopBenchmark {
    /// What is recorded; nil for software.
    var record: ChipWork.Record?

    /// Epochs that are timed, after one that warms up.
    private static let epochs = 3

    /// Times it.
    ///
    /// - Throws: `DataError` without MNIST.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        let environment = ProcessInfo.processInfo.environment
        let experiment = try Experiment(
            yaml: Presets.yaml("mnist16") ?? "", source: "mnist16",
            overrides: [
                ("graph.measured", (record ?? .membranes).rawValue), ("training.epochs", "\(Self.epochs + 1)"),
            ])
        let splits = try DataLibrary(folder: context.data, environment: environment).load("mnist")
        let daemon = record == nil ? nil : try BundledDaemon(threads: context.threads)
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("volley-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let watcher = EpochWatcher()
        do {
            var calibrations: CalibrationSet?
            if let daemon {
                let client = daemon.anotherClient()
                calibrations = try await CalibrationDesk(
                    experiment, cache: CalibrationCache(environment: environment), now: Date()
                ).calibrations(of: client) { _ in }
                await client.close()
            }
            var trainer = try await Trainer(
                experiment, data: splits, device: daemon?.device, calibrations: calibrations,
                threads: context.threads)
            _ = try await trainer.train(folder: RunFolder(creating: folder), observer: watcher)
            let link = await daemon?.device.linkStatistics
            let memory = ProcessMemory.peak(of: "self") + (daemon?.peakMemory ?? 0)
            await daemon?.close()
            return measurement(
                name, trainer, watcher.epochs.withLock { $0 }, link: link, memory: memory, context: context)
        } catch {
            await daemon?.close()
            throw error
        }
    }

    private func measurement(
        _ name: String, _ trainer: Trainer, _ epochs: [RunTotals], link: LinkStatistics?, memory: Double,
        context: BenchmarkContext
    ) -> Measurement {
        let totals = trainer.progress.totals
        let rates = zip(epochs, epochs.dropFirst()).map { before, after in
            Double(after.trainingPatterns - before.trainingPatterns)
                / (after.trainingSeconds - before.trainingSeconds)
        }
        let patterns = totals.trainingPatterns
        var parts: [Measurement.Part] = []
        for part in StepClock.Part.allCases {
            guard let seconds = totals.stepSeconds[part.rawValue], seconds > 0 else { continue }
            if part == .device, let link {
                // The link's own counters are of tests too; their share is the patterns'.
                parts += link.parts(
                    emulating: totals.training.deviceSeconds + totals.evaluation.deviceSeconds,
                    patterns: patterns + totals.evaluatedPatterns)
            } else if part != .device {
                parts.append(Measurement.Part(part.rawValue, seconds: seconds, patterns: patterns))
            }
        }
        return Measurement(
            name: name, work: "mnist16, \(record.map { "measured \($0.rawValue)" } ?? "software")",
            threads: context.threads, level: context.level, eventsPerPattern: trainer.eventsPerPattern,
            spikesPerPattern: trainer.progress.history.last?.spikesPerPattern ?? 0,
            runs: rates.sorted().map { TimedRun(patternsPerSecond: $0) }, partNanoseconds: parts, peakMemory: memory)
    }
}

/// Keeps a run's totals at the end of each epoch.
private final class EpochWatcher: TrainingObserver {
    let epochs = Mutex<[RunTotals]>([])

    func stepped(_ report: StepReport) {}
    func evaluated(patterns: Int, of total: Int) {}
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) { epochs.withLock { $0.append(totals) } }
    func warned(_ message: String) {}
    var shouldStop: Bool { false }
}
