import InTheLoop
import Synchronization

/// Shows how far a wafer is: a bar that is redrawn on a terminal, and a line for each chip that is done.
final class WaferProgress: Sendable {
    private struct State {
        var done: Int
        /// Shares of the chips under way, by serial.
        var shares: [UInt64: Double] = [:]
        var lastDrawing: ContinuousClock.Instant?
        var hasBar = false
    }

    private let total: Int
    /// Chips that were done before this session.
    private let first: Int
    private let style: Console.Style
    private let console: Console
    private let start = ContinuousClock.now
    private let state: Mutex<State>

    /// A display.
    ///
    /// - Parameters:
    ///   - total: chips in all.
    ///   - done: chips that are done already.
    init(total: Int, done: Int, on console: Console, style: Console.Style) {
        self.total = total
        first = done
        self.console = console
        self.style = style
        state = Mutex(State(done: done))
    }

    /// A terminal is redrawn ten times a second.
    private static let interval: Duration = .milliseconds(100)

    /// Moves a chip on; redraws the bar if it is time to.
    ///
    /// - Parameters:
    ///   - share: how much of the chip's work is done, 0...1.
    ///   - words: what is done at the moment.
    func moved(serial: UInt64, to share: Double, _ words: String) {
        state.withLock { state in
            state.shares[serial] = share
            guard style.isTerminal else { return }
            let now = ContinuousClock.now
            if let last = state.lastDrawing, last.duration(to: now) < Self.interval { return }
            state.lastDrawing = now
            state.hasBar = true
            console.write("\r\u{1B}[K" + bar(state, serial: serial, words))
        }
    }

    /// Writes the line of a chip that is done or has failed.
    func finished(_ chip: WaferRecord.Chip) {
        state.withLock { state in
            state.shares[chip.serial] = nil
            if chip.problem == nil { state.done += 1 }
            let result =
                chip.testAccuracy.map { "test \(TextFormat.percent($0))" }
                ?? "failed: \(chip.problem ?? "no result")"
            let number = TextFormat.right("\(state.done)", "\(total)".count)
            var line = "chip \(number)/\(total)  serial \(TextFormat.left("\(chip.serial)", 4)) \(result)"
            line += "  \(TextFormat.decimal(chip.seconds, 1)) s"
            if let left = remaining(state) { line += "  \(TextFormat.clock(left)) left" }
            say(&state, line)
        }
    }

    /// Writes a warning about a chip.
    func warned(serial: UInt64, _ message: String) {
        state.withLock { say(&$0, "warning: serial \(serial): \(message)") }
    }

    /// Takes the bar away, for what is written next.
    func end() {
        state.withLock { clear(&$0) }
    }

    private func bar(_ state: State, serial: UInt64, _ words: String) -> String {
        let left = remaining(state).map { "\(TextFormat.clock($0)) left" } ?? "time left unknown"
        return style.barLine(
            "wafer", share(state),
            "\(state.done) of \(total) chips, \(left), serial \(serial): \(words)")
    }

    private func say(_ state: inout State, _ text: String) {
        clear(&state)
        console.line(text)
    }

    private func clear(_ state: inout State) {
        if state.hasBar { console.write("\r\u{1B}[K") }
        state.hasBar = false
    }

    private func share(_ state: State) -> Double {
        (Double(state.done) + state.shares.values.reduce(0, +)) / Double(max(1, total))
    }

    /// Seconds left, if the rest goes as fast as what was done here; nil in the first second and at the end.
    private func remaining(_ state: State) -> Double? {
        let elapsed = start.duration(to: .now) / .seconds(1)
        let share = share(state)
        let done = share - Double(first) / Double(max(1, total))
        guard elapsed > 1, done > 0, share < 1 else { return nil }
        return elapsed * (1 - share) / done
    }
}

/// Passes what happens on a chip on to the display of its wafer.
struct WaferChipObserver: TrainingObserver {
    /// The chip's serial.
    var serial: UInt64
    /// Whether the evaluation is all there is to do, and not the end of an epoch.
    var isEvaluation: Bool
    /// The display.
    var progress: WaferProgress
    /// What ends the work early.
    var stop: StopRequest

    /// Whether a signal asked to stop.
    var shouldStop: Bool { stop.isRequested }

    /// Moves the chip on.
    func stepped(_ report: StepReport) {
        let inEpoch = Double(report.stepInEpoch) / Double(max(report.stepsPerEpoch, 1))
        let share = (Double(report.epoch - 1) + inEpoch) / Double(max(report.epochs, 1))
        progress.moved(
            serial: serial, to: share,
            "epoch \(report.epoch)/\(report.epochs), accuracy \(TextFormat.percent(report.sums.accuracy))")
    }

    /// Moves the chip on, in a deployment.
    func evaluated(patterns: Int, of total: Int) {
        guard isEvaluation else { return }
        progress.moved(
            serial: serial, to: Double(patterns) / Double(max(total, 1)),
            "testing \(TextFormat.count(patterns)) of \(TextFormat.count(total)) patterns")
    }

    /// Nothing: an epoch's line is in the chip's own run.
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) {}

    /// Writes a warning.
    func warned(_ message: String) { progress.warned(serial: serial, message) }
}
