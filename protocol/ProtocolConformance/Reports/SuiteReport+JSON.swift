extension SuiteReport {
    /// The report for programs.
    func json() -> String {
        let counts = Outcome.Kind.allCases.map { ($0.rawValue, "\(count($0))") }
        let members: [(String, String)] = [
            ("suite", JSONText.quoted(ControlPayload.software)),
            ("suite_version", JSONText.quoted(ControlPayload.version)),
            ("verdict", JSONText.quoted(summary)),
            ("exit_code", "\(verdict.rawValue)"),
            ("seed", "\(options.seed)"),
            ("profile", JSONText.quoted(options.profile.rawValue)),
            ("filters", "[" + options.filters.map(JSONText.quoted).joined(separator: ", ") + "]"),
            ("seconds", duration.secondsText),
            ("device", JSONText.object(device.map { ($0.name, JSONText.quoted($0.value)) })),
            ("effects", "[" + claims.effects.map(JSONText.quoted).joined(separator: ", ") + "]"),
            ("counts", JSONText.object(counts)),
            ("cases", JSONText.lines(results.map(Self.entry))),
        ]
        return "{\n  " + members.map { "\(JSONText.quoted($0.0)): \($0.1)" }.joined(separator: ",\n  ") + "\n}\n"
    }

    private static func entry(_ result: CaseResult) -> String {
        var members: [(String, String)] = [
            ("id", JSONText.quoted(result.id)), ("requirement", JSONText.quoted(result.requirement)),
            ("section", JSONText.quoted(result.section.rawValue)), ("title", JSONText.quoted(result.title)),
            ("outcome", JSONText.quoted(result.outcome.kind.rawValue)),
            ("seconds", result.duration.secondsText),
        ]
        if case .failPartial(let passed, let count, _) = result.outcome {
            members += [("passed", "\(passed)"), ("of", "\(count)")]
        }
        if !result.outcome.detail.isEmpty { members.append(("detail", JSONText.quoted(result.outcome.detail))) }
        if let expectation = result.expectation {
            members.append(("expected", JSONText.quoted(expectation.reason)))
            members.append(("stale", result.isStale ? "true" : "false"))
        }
        return JSONText.object(members)
    }
}
