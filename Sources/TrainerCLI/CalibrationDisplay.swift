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

    /// Takes the line under way off, for what is written next.
    func clear() {
        if style.isTerminal { console.write("\r\u{1B}[K") }
    }

    private func draw(_ progress: CalibrationProgress) {
        guard style.isTerminal else { return }
        console.write("\r\u{1B}[K" + Self.bar(progress, style: style))
    }

    private func line(_ text: String) {
        clear()
        console.line(text)
    }

    /// The line under way: a bar, and what is measured.
    static func bar(_ progress: CalibrationProgress, style: Console.Style) -> String {
        style.barLine(
            "calibrating", Double(progress.step) / Double(max(progress.steps, 1)),
            "\(progress.step) of \(progress.steps) measurements: \(words(progress.stage))")
    }

    /// What a stage measures.
    private static func words(_ stage: CalibrationProgress.Stage) -> String {
        switch stage {
        case .converter: "CADC offsets"
        case .leak: "leak potentials"
        case .firing: "reset, threshold and tau_mem"
        case .synapses: "tau_syn and synaptic gain"
        case .verification: "all once more"
        }
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
