import InTheLoop

/// Shows how far a fit is: a bar that is redrawn on a terminal, a line for each stage elsewhere.
struct FitDisplay {
    private static let barWidth = 20

    private let console: Console
    private let style: Console.Style

    /// A display on a console.
    init(on console: Console, environment: [String: String]) {
        self.console = console
        style = console.style(environment: environment)
    }

    /// Shows what is measured next.
    func show(_ progress: FitProgress) {
        if style.isTerminal {
            console.write("\r\u{1B}[K" + Self.bar(progress).prefix(max(0, style.width - 1)))
        } else if progress.step == progress.stage.firstStep {
            console.line("measuring \(Self.words(progress.stage))")
        }
    }

    /// Takes the bar away, for what is written next.
    func end() {
        if style.isTerminal { console.write("\r\u{1B}[K") }
    }

    private static func bar(_ progress: FitProgress) -> String {
        let filled = progress.step * barWidth / max(progress.steps, 1)
        let bar =
            String(repeating: "━", count: filled) + String(repeating: "·", count: barWidth - filled)
        return "fitting \(bar) \(progress.step) of \(progress.steps) batches: \(words(progress.stage))"
    }

    private static func words(_ stage: FitProgress.Stage) -> String {
        switch stage {
        case .converter: "columns of the CADC"
        case .rest: "membranes at rest"
        case .firing: "neurons that fire by themselves"
        case .potentials: "postsynaptic potentials"
        case .synapses: "single synapses"
        }
    }
}
