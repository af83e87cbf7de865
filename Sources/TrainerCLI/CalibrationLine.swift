import InTheLoop
import Synchronization

/// Shows how far a calibration is: a bar that is redrawn on a terminal, a line for each stage elsewhere.
final class CalibrationLine: Sendable {
    private struct State {
        var stage: CalibrationProgress.Stage?
        var hasBar = false
    }

    private static let barWidth = 20

    private let console: Console
    private let style: Console.Style
    private let state = Mutex(State())

    /// A display on a console.
    init(on console: Console, environment: [String: String]) {
        self.console = console
        style = console.style(environment: environment)
    }

    /// Shows what is measured next.
    func show(_ progress: CalibrationProgress) {
        state.withLock { state in
            if style.isTerminal {
                state.hasBar = true
                console.write("\r\u{1B}[K" + bar(progress))
            } else if progress.stage != state.stage {
                console.line("calibrating: \(Self.words(progress.stage))")
            }
            state.stage = progress.stage
        }
    }

    /// Writes a line that stays.
    func say(_ text: String) {
        state.withLock { state in
            clear(&state)
            console.line(text)
        }
    }

    /// Takes the bar away, for what is written next.
    func end() {
        state.withLock { clear(&$0) }
    }

    private func clear(_ state: inout State) {
        if state.hasBar { console.write("\r\u{1B}[K") }
        state.hasBar = false
    }

    /// What a stage measures, in a few words.
    private static func words(_ stage: CalibrationProgress.Stage) -> String {
        switch stage {
        case .converter: "CADC offsets"
        case .leak: "leak potentials"
        case .firing: "reset, threshold and tau_mem of firing neurons"
        case .synapses: "tau_syn and gain of postsynaptic potentials"
        case .verification: "all once more"
        }
    }

    private func bar(_ progress: CalibrationProgress) -> String {
        let share = Double(progress.step) / Double(max(progress.steps, 1))
        let filled = min(Self.barWidth, Int(share * Double(Self.barWidth)))
        let done = String(repeating: "━", count: filled)
        let rest = String(repeating: style.hasColour ? "━" : "·", count: Self.barWidth - filled)
        let drawn = style.hasColour ? "\u{1B}[36m\(done)\u{1B}[90m\(rest)\u{1B}[0m" : done + rest
        let words = " \(TextFormat.right("\(Int(share * 100)) %", 5))  \(Self.words(progress.stage))"
        // One column stays free, so that no terminal wraps.
        let room = max(0, style.width - "calibrating ".count - Self.barWidth - 1)
        return "calibrating \(drawn)\(words.prefix(room))"
    }
}
