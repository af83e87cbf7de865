import InTheLoop

/// Shows how far a fit is: a bar that is redrawn on a terminal, a line for each stage elsewhere.
struct FitDisplay {
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
            console.write("\r\u{1B}[K" + bar(progress))
        } else if progress.step == progress.stage.firstStep {
            console.line("measuring \(Self.words(progress.stage))")
        }
    }

    /// Takes the bar away, for what is written next.
    func end() {
        if style.isTerminal { console.write("\r\u{1B}[K") }
    }

    private func bar(_ progress: FitProgress) -> String {
        style.barLine(
            "fitting", Double(progress.step) / Double(max(progress.steps, 1)),
            "\(progress.step) of \(progress.steps) batches: \(Self.words(progress.stage))")
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
