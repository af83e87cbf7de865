extension SuiteReport {
    /// The report for a terminal: what failed in full, what passed as counts.
    func text() -> String {
        var lines = device.map { "\($0.name.padded(20))\($0.value)" }
        lines.append("")
        for (section, results) in sections {
            let passed = results.count { $0.outcome.kind == .pass }
            lines.append("\(section.rawValue.padded(30))\(passed) of \(results.count) passed")
            for result in results where result.outcome.kind != .pass {
                lines.append("  \(result.outcome.title)  \(result.id)  \(result.title)")
                lines.append("      \(result.outcome.detail)")
                if let expectation = result.expectation {
                    lines.append(
                        "      \(result.isStale ? "expected otherwise" : "expected"): \(expectation.reason)")
                }
                if result.outcome.isFailure { lines.append("      again: \(command(for: result))") }
            }
            for result in results where result.isStale && result.outcome.kind == .pass {
                lines.append("  STALE  \(result.id) passes, but is listed as: \(result.expectation?.message ?? "")")
            }
        }
        lines.append("")
        let counts = Outcome.Kind.allCases.filter { count($0) > 0 }.map { "\(count($0)) \($0.rawValue)" }
        lines.append("\(results.count) cases in \(duration.secondsText) s: \(counts.joined(separator: ", "))")
        lines.append(summary)
        return lines.joined(separator: "\n") + "\n"
    }
}

extension String {
    /// The text, filled up with spaces.
    package func padded(_ width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(1, width - count))
    }
}
