import WireProtocol

/// What a run found.
package struct SuiteReport: Sendable {
    /// The address.
    package var target: String
    /// What the device says of itself.
    package var claims: DeviceClaims
    /// How the run was done.
    package var options: SuiteOptions
    /// What became of each case, in order.
    package var results: [CaseResult]
    /// How long the run took, on the target's clock.
    package var duration: Duration
    /// Whether the chip's serial is shown; by default a report can be published as it is.
    package var showsSerial = false

    /// A report of results.
    package init(
        target: String, claims: DeviceClaims, options: SuiteOptions, results: [CaseResult], duration: Duration
    ) {
        self.target = target
        self.claims = claims
        self.options = options
        self.results = results
        self.duration = duration
    }

    /// The forms of a report.
    package enum Form: String, Sendable, CaseIterable {
        case text
        case junit
        case tap
        case json
        case html
    }

    /// The report in a form.
    package func rendered(as form: Form) -> String {
        switch form {
        case .text: text()
        case .junit: junit()
        case .tap: tap()
        case .json: json()
        case .html: html()
        }
    }

    /// Results of a kind.
    package func count(_ kind: Outcome.Kind) -> Int { results.count { $0.outcome.kind == kind } }

    /// What a run amounts to, as the command's exit code.
    package enum Verdict: Int32, Sendable {
        /// Every case that could be judged passed, strictly.
        case conformant = 0
        /// The device failed where nobody expected it, or nothing was judged.
        case failures = 1
        /// The list of expected failures is wrong.
        case stale = 4
        /// The suite failed.
        case suiteError = 5
    }

    /// What the run amounts to. What is worse hides what is less so.
    package var verdict: Verdict {
        if count(.suiteError) > 0 { return .suiteError }
        if results.contains(where: { $0.isUnexpectedFailure && !$0.isStale }) { return .failures }
        if results.contains(where: \.isStale) { return .stale }
        // An inconclusive case is a question, and a device with questions is not shown to conform.
        return count(.inconclusive) > 0 || isEmpty ? .failures : .conformant
    }

    /// Whether no case could be judged.
    private var isEmpty: Bool { !results.contains { $0.outcome.kind == .pass || $0.outcome.isFailure } }

    /// The verdict in words.
    package var summary: String {
        let failed = results.count(where: \.isUnexpectedFailure)
        switch verdict {
        case .conformant:
            let known = results.count { $0.outcome.isFailure }
            return known == 0 ? "conformant" : "conformant but for \(known) known failure\(known == 1 ? "" : "s")"
        case .failures:
            if failed > 0 { return "not conformant: \(failed) case\(failed == 1 ? "" : "s") failed" }
            return isEmpty ? "nothing was judged" : "undecided: \(count(.inconclusive)) inconclusive"
        case .stale: return "the list of expected failures is stale"
        case .suiteError: return "the suite itself failed"
        }
    }

    /// What the device calls itself.
    package var device: [(name: String, value: String)] {
        let description = claims.description
        let kind = description.number(1) == 1 ? "emulator" : description.number(1) == 2 ? "board" : "unknown kind"
        return [
            ("address", target), ("kind", kind), ("profile", description.text(3)), ("firmware", description.text(4)),
            ("serial", showsSerial ? "\(description.number(2))" : "redacted"),
            ("protocol", "VP/\(claims.greeting.number(1)).\(claims.greeting.number(2))"),
            ("neuron circuits", "\(claims.geometry.neuronCircuits)"),
            ("parameter codes", claims.bits == 0 ? "none" : "\(claims.bits) bits"),
            ("suite", "\(ControlPayload.software) \(ControlPayload.version)"),
            ("profile of the run", options.profile.rawValue), ("seed", "\(options.seed)"),
        ]
    }

    /// The command that runs one case again.
    package func command(for result: CaseResult) -> String {
        "volley-conformance \(target) --filter \(result.id) --seed \(options.seed)"
            + (options.profile == .full ? " --profile full" : "")
    }

    /// Sections that ran, in order, with their results.
    package var sections: [(section: ConformanceCase.Section, results: [CaseResult])] {
        ConformanceCase.Section.allCases.compactMap { section in
            let part = results.filter { $0.section == section }
            return part.isEmpty ? nil : (section, part)
        }
    }
}

extension Duration {
    /// Seconds with three decimals.
    var secondsText: String {
        let milliseconds = (microseconds + 500) / 1_000
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - rest.count) + rest
    }
}
