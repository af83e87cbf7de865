import InTheLoop

/// Shows how a calibration goes: a line that is redrawn on a terminal, and one that stays at its end.
struct CalibrationDisplay {
    private let console: Console
    private let style: Console.Style

    /// A display on a stream.
    init(on console: Console, environment: [String: String]) {
        self.console = console
        style = console.style(environment: environment)
    }

    /// Shows what has happened.
    func show(_ notice: CalibrationDesk.Notice) {
        switch notice {
        case .progress(let progress): draw(progress)
        case .warning(let text): line("warning: \(text)")
        case .ready(let result, let age): if age == nil { line(Self.words(result)) }
        }
    }

    private func draw(_ progress: CalibrationProgress) {
        guard style.isTerminal else { return }
        console.write("\r\u{1B}[K" + Self.bar(progress))
    }

    private func line(_ text: String) {
        if style.isTerminal { console.write("\r\u{1B}[K") }
        console.line(text)
    }

    /// The line under way.
    static func bar(_ progress: CalibrationProgress) -> String {
        let width = 20
        let filled = progress.step * width / max(progress.steps, 1)
        let bar =
            String(repeating: "━", count: filled) + String(repeating: "·", count: width - filled)
        return "calibrating \(bar) \(progress.step) of \(progress.steps) measurements: \(progress.stage.rawValue)"
    }

    /// A calibration just made, in a line.
    static func words(_ result: CalibrationResult) -> String {
        let summary = CalibrationSummary(result)
        let good = summary.circuits - summary.failedCircuits
        return "calibrated \(TextFormat.count(good)) of \(TextFormat.count(summary.circuits)) neuron circuits in "
            + "\(TextFormat.decimal(result.wallSeconds, 1)) s (chip \(TextFormat.engineering(result.chipSeconds, "s")), "
            + "\(result.batches) batches)"
    }
}
