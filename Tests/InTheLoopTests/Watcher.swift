import InTheLoop
import Synchronization

/// Stops a run after a number of steps, and keeps what it was told.
final class Watcher: TrainingObserver {
    private let stopAfter: Int
    private let steps = Mutex(0)
    let warnings = Mutex<[String]>([])

    init(stopAfter: Int = .max) { self.stopAfter = stopAfter }
    func stepped(_ report: StepReport) { steps.withLock { $0 += 1 } }
    func evaluated(patterns: Int, of total: Int) {}
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) {}
    func warned(_ message: String) { warnings.withLock { $0.append(message) } }
    var shouldStop: Bool { steps.withLock { $0 >= stopAfter } }
}
