extension SuiteReport {
    /// The report in the XML that continuous integration reads.
    ///
    /// Failures of the device are `failure`, those of the suite and what it could not judge are `error`; expected failures
    /// are `skipped`, since JUnit has no word for them.
    func junit() -> String {
        var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
        let failures = results.count(where: Self.isFailure)
        let errors = results.count(where: Self.isError)
        lines.append(
            "<testsuites name=\"\(ControlPayload.software)\" tests=\"\(results.count)\" failures=\"\(failures)\" "
                + "errors=\"\(errors)\" time=\"\(duration.secondsText)\">")
        for (section, part) in sections {
            lines.append(
                "  <testsuite name=\"\(Markup.escaped(section.rawValue))\" tests=\"\(part.count)\" "
                    + "failures=\"\(part.count(where: Self.isFailure))\" errors=\"\(part.count(where: Self.isError))\" "
                    + "skipped=\"\(part.count(where: Self.isSkipped))\">")
            lines.append("    <properties>")
            for (name, value) in device {
                lines.append("      <property name=\"\(Markup.escaped(name))\" value=\"\(Markup.escaped(value))\"/>")
            }
            lines.append("    </properties>")
            for result in part { lines += testcase(result) }
            lines.append("  </testsuite>")
        }
        return (lines + ["</testsuites>"]).joined(separator: "\n") + "\n"
    }

    private func testcase(_ result: CaseResult) -> [String] {
        let head =
            "    <testcase classname=\"\(Markup.escaped(result.requirement))\" name=\"\(Markup.escaped(result.id))\" "
            + "time=\"\(result.duration.secondsText)\""
        let words = Markup.escaped(result.outcome.detail)
        let element: String
        if result.isStale {
            element =
                "<failure type=\"STALE\" message=\"listed as a failure: \(Markup.escaped(result.expectation?.message ?? ""))\"/>"
        } else if Self.isFailure(result) {
            element =
                "<failure type=\"\(result.outcome.kind.rawValue)\" message=\"\(words)\">"
                + "\(Markup.escaped(result.title))\nagain: \(Markup.escaped(command(for: result)))</failure>"
        } else if Self.isError(result) {
            element = "<error type=\"\(result.outcome.kind.rawValue)\" message=\"\(words)\"/>"
        } else if Self.isSkipped(result) {
            element = "<skipped message=\"\(result.outcome.kind.rawValue): \(words)\"/>"
        } else {
            return [head + "/>"]
        }
        return [head + ">", "      " + element, "    </testcase>"]
    }

    private static func isFailure(_ result: CaseResult) -> Bool { result.isUnexpectedFailure || result.isStale }

    private static func isError(_ result: CaseResult) -> Bool {
        result.outcome.kind == .inconclusive || result.outcome.kind == .suiteError
    }

    private static func isSkipped(_ result: CaseResult) -> Bool {
        result.outcome.kind == .skip || (result.outcome.isFailure && !isFailure(result))
    }
}

/// Text for XML and HTML.
enum Markup {
    /// Text with all that has a meaning escaped, and what XML 1.0 does not allow replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\n": result += "&#10;"
            case _ where scalar.value < 0x20 && scalar != "\t" || scalar.value & 0xFFFE == 0xFFFE: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
