import InTheLoop
import Synchronization

/// Shows a run as it goes: a bar that is redrawn on a terminal, lines elsewhere.
final class TerminalProgress: TrainingObserver {
    private struct State {
        var lastDrawing: ContinuousClock.Instant?
        var hasBar = false
        var epoch = 1
        /// Share of the run that was done when it was taken up, so that a resumed run's time left is right.
        var firstShare: Double?
    }

    private let line: ProgressLine
    private let console: Console
    private let stop: StopRequest
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// A display of a run.
    ///
    /// - Parameters:
    ///   - line: what to say.
    ///   - console: where.
    ///   - stop: what ends the run early.
    init(_ line: ProgressLine, on console: Console, stop: StopRequest) {
        self.line = line
        self.console = console
        self.stop = stop
    }

    /// A terminal is redrawn ten times a second.
    private static let interval: Duration = .milliseconds(100)

    /// Whether a signal asked to stop.
    var shouldStop: Bool { stop.isRequested }

    /// Draws the bar.
    func stepped(_ report: StepReport) {
        state.withLock { state in
            state.epoch = report.epoch
            let share =
                (Double(report.epoch - 1)
                    + Double(report.stepInEpoch) / Double(max(report.stepsPerEpoch, 1)))
                / Double(max(report.epochs, 1))
            let first = state.firstShare ?? share
            state.firstShare = first
            draw(&state) { line.bar(report, remaining: remaining(from: first, to: share)) }
        }
    }

    /// Draws how far a test is.
    func evaluated(patterns: Int, of total: Int) {
        state.withLock { state in
            let epoch = state.epoch
            draw(&state) { line.test(epoch: epoch, patterns: patterns, of: total) }
        }
    }

    /// Writes the epoch's line.
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) {
        state.withLock { state in
            guard line.keeps(epoch: report.epoch) else { return }
            let share = Double(report.epoch) / Double(max(line.epochs, 1))
            let left = state.firstShare.flatMap { remaining(from: $0, to: share) }
            say(&state, line.epoch(report, totals: totals, remaining: left))
        }
    }

    /// Writes a warning.
    func warned(_ message: String) {
        state.withLock { say(&$0, "warning: \(message)") }
    }

    /// Takes the bar away, for what is written next.
    func end() {
        state.withLock { clear(&$0) }
    }

    /// Redraws the bar if it is time to; never where lines cannot be overwritten.
    private func draw(_ state: inout State, _ text: () -> String) {
        guard line.style.isTerminal else { return }
        let now = ContinuousClock.now
        if let last = state.lastDrawing, last.duration(to: now) < Self.interval { return }
        state.lastDrawing = now
        state.hasBar = true
        console.write("\r\u{1B}[K" + text())
    }

    private func say(_ state: inout State, _ text: String) {
        clear(&state)
        console.line(text)
    }

    private func clear(_ state: inout State) {
        if state.hasBar { console.write("\r\u{1B}[K") }
        state.hasBar = false
    }

    /// Seconds left, if the rest goes as fast as what was done here; nil in the first second.
    private func remaining(from first: Double, to share: Double) -> Double? {
        let elapsed = start.duration(to: .now) / .seconds(1)
        guard elapsed > 1, share > first else { return nil }
        return elapsed * (1 - share) / (share - first)
    }
}
