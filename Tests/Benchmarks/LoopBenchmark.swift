import ChipEmulator
import DeviceClient
import Foundation
import InTheLoop
import SpikeData
import Substrate
import Synchronization

/// Training of `mnist16`, on all of MNIST.
struct LoopBenchmark {
    /// What runs the forward passes, and what is recorded of them.
    enum Forward {
        /// The chip behind the daemon.
        case daemon(ChipWork.Record)
        /// The chip in this process: what is left is what a loop takes without any link.
        case process(ChipWork.Record)
        /// The model.
        case software

        fileprivate var record: ChipWork.Record? {
            switch self {
            case .daemon(let record), .process(let record): record
            case .software: nil
            }
        }

        fileprivate var words: String {
            switch self {
            case .daemon(let record): "measured \(record.rawValue)"
            case .process(let record): "measured \(record.rawValue), chip in process"
            case .software: "software"
            }
        }
    }

    /// What runs the forward passes.
    var forward: Forward

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
                ("graph.measured", (forward.record ?? .membranes).rawValue),
                ("training.epochs", "\(context.takesTurns ? 10_000 : Self.epochs + 1)"),
            ])
        let splits = try DataLibrary(folder: context.data, environment: environment).load("mnist")
        var daemon: BundledDaemon?
        var device: (any SpikingDevice)?
        switch forward {
        case .daemon:
            let bundled = try BundledDaemon(threads: context.threads)
            daemon = bundled
            device = bundled.device
        case .process:
            device = EmulatedDevice(EmulatedChip(profile: .standard, serial: 1, threads: context.threads))
        case .software: break
        }
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("volley-benchmark-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let watcher = LoopWatcher()
        do {
            var calibrations: CalibrationSet?
            let other = daemon?.anotherClient()
            if let calibrated: any SpikingDevice = other ?? device {
                calibrations = try await CalibrationDesk(
                    experiment, cache: CalibrationCache(environment: environment), now: Date()
                ).calibrations(of: calibrated) { _ in }
            }
            await other?.close()
            var trainer = try await Trainer(
                experiment, data: splits, device: device, calibrations: calibrations, threads: context.threads)
            // Nothing but turns ends a training that takes them, and a failed training ends its timing.
            let turns = Task { context.takesTurns ? try await watcher.turns(context) : nil }
            defer { turns.cancel() }
            _ = try await trainer.train(folder: RunFolder(creating: folder), observer: watcher)
            let runs = try await turns.value ?? watcher.epochs
            let link = await daemon?.device.linkStatistics
            let memory = ProcessMemory.peak(of: "self") + (daemon?.peakMemory ?? 0)
            await daemon?.close()
            return measurement(
                name, trainer, runs, link: link, memory: memory, context: context)
        } catch {
            await daemon?.close()
            throw error
        }
    }

    private func measurement(
        _ name: String, _ trainer: Trainer, _ runs: [TimedRun], link: LinkStatistics?, memory: Double,
        context: BenchmarkContext
    ) -> Measurement {
        let totals = trainer.progress.totals
        let patterns = totals.trainingPatterns
        var parts: [Measurement.Part] = []
        for part in StepClock.Part.allCases {
            guard let seconds = totals.stepSeconds[part.rawValue], seconds > 0 else { continue }
            if part == .device, let link {
                // The link's own counters are of tests too; their share is the patterns'.
                parts += link.parts(
                    emulating: totals.training.deviceSeconds + totals.evaluation.deviceSeconds,
                    patterns: patterns + totals.evaluatedPatterns)
            } else {
                let name = part == .device ? "emulate" : part.rawValue
                parts.append(Measurement.Part(name, seconds: seconds, patterns: patterns))
            }
        }
        return Measurement(
            name: name, work: "mnist16, \(forward.words)", threads: context.threads, level: context.level,
            eventsPerPattern: trainer.eventsPerPattern,
            spikesPerPattern: trainer.progress.history.last?.spikesPerPattern ?? 0,
            runs: runs, partNanoseconds: parts, peakMemory: memory)
    }
}

/// Times a training from its second epoch on, when its activity has settled: by epochs, or by turns.
private final class LoopWatcher: TrainingObserver {
    private struct State {
        var totals = RunTotals()
        var ends: [RunTotals] = []
        var isEnough = false
    }
    private let state = Mutex(State())
    private let start = ContinuousClock.now

    /// The epochs after the first, by rising rate.
    var epochs: [TimedRun] {
        let ends = state.withLock { $0.ends }
        return zip(ends, ends.dropFirst()).map { before, after in
            TimedRun(
                patternsPerSecond: Double(after.trainingPatterns - before.trainingPatterns)
                    / (after.trainingSeconds - before.trainingSeconds))
        }.sorted { $0.patternsPerSecond < $1.patternsPerSecond }
    }

    /// Takes turns while the training goes on, then ends it.
    func turns(_ context: BenchmarkContext) async throws -> [TimedRun] {
        defer { state.withLock { $0.isEnough = true } }
        while state.withLock({ $0.ends.isEmpty }) { try await Task.sleep(for: .milliseconds(10)) }
        return try await Timing.runs(context) { [start] in
            // By the clock of the steps, which stands still while tests run.
            self.state.withLock { state in
                (state.totals.trainingPatterns, start + .seconds(state.totals.trainingSeconds))
            }
        }
    }

    func stepped(_ report: StepReport) { state.withLock { $0.totals = report.totals } }
    func evaluated(patterns: Int, of total: Int) {}
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) { state.withLock { $0.ends.append(totals) } }
    func warned(_ message: String) {}
    var shouldStop: Bool { state.withLock { $0.isEnough } }
}
