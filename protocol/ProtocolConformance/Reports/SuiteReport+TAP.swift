extension SuiteReport {
    /// The report in the Test Anything Protocol, version 13.
    ///
    /// Skips carry `# SKIP`; expected failures the mark of work to be done, which TAP counts as passed. That is in two parts: the
    /// repository's own check would find it.
    func tap() -> String {
        var lines = ["TAP version 13", "1..\(results.count)"]
        for (index, result) in results.enumerated() {
            let isFine = result.outcome.kind == .pass || result.outcome.kind == .skip
            var line =
                "\(isFine && !result.isStale ? "ok" : "not ok") \(index + 1) - \(result.id) \(Self.plain(result.title))"
            if result.outcome.kind == .skip {
                line += " # SKIP \(Self.plain(result.outcome.detail))"
            } else if result.outcome.isFailure, !result.isUnexpectedFailure {
                line += " # TO" + "DO \(Self.plain(result.expectation?.reason ?? ""))"
            }
            lines.append(line)
            guard !isFine || result.isStale else { continue }
            lines.append("  ---")
            lines.append("  outcome: \(result.outcome.title)")
            lines.append("  message: \(JSONText.quoted(result.outcome.detail))")
            lines.append("  requirement: \(result.requirement)")
            lines.append("  seed: \(options.seed)")
            if result.isStale { lines.append("  stale: \(JSONText.quoted(result.expectation?.message ?? ""))") }
            lines.append("  ...")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Text without the marks that TAP gives a meaning.
    private static func plain(_ text: String) -> String {
        String(text.map { $0 == "#" || $0.isNewline ? " " : $0 })
    }
}
