/// A failure that is known, why, and how it shows.
package struct ExpectedFailure: Sendable, Hashable {
    /// The case.
    package var id: String
    /// How the outcome begins: its title, and as much of its words as matters.
    package var message: String
    /// Why it is tolerated.
    package var reason: String
    /// Line of the file, from 1.
    package var line: Int

    /// Whether an outcome is the one that is expected.
    package func covers(_ outcome: Outcome) -> Bool {
        outcome.isFailure && "\(outcome.title): \(outcome.detail)".hasPrefix(message)
    }
}

/// The list of failures that a device is known for.
///
/// A line each: case id, how the outcome begins, why it is tolerated, between them ` | `. An entry whose case passes, or fails
/// in another way, is stale and fails the run: a list that nobody keeps hides what it once excused.
package struct ExpectedFailures: Sendable {
    private var entries: [String: ExpectedFailure] = [:]

    /// Nothing is expected to fail.
    package init() {}

    /// Reads a list.
    ///
    /// - Throws: `ListError` with the line that is wrong, or names a case that does not exist.
    package init(parsing text: String, of cases: [ConformanceCase]) throws(ListError) {
        let known = Set(cases.map(\.id))
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            if line.isEmpty || line.hasPrefix("#") { continue }
            let parts = Self.parts(of: String(line))
            guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
                throw ListError(line: index + 1, problem: "it is not \"CASE | OUTCOME | REASON\"")
            }
            guard known.contains(parts[0]) else {
                throw ListError(line: index + 1, problem: "there is no case \"\(parts[0])\"; see --list")
            }
            guard entries[parts[0]] == nil else {
                throw ListError(line: index + 1, problem: "\(parts[0]) is listed twice")
            }
            entries[parts[0]] = ExpectedFailure(id: parts[0], message: parts[1], reason: parts[2], line: index + 1)
        }
    }

    /// What is expected of a case.
    package subscript(id: String) -> ExpectedFailure? { entries[id] }

    /// The list that would make a run pass, with reasons for a person to fill in.
    package static func list(for results: [CaseResult]) -> String {
        let lines = results.filter(\.outcome.isFailure).map { result in
            let words = "\(result.outcome.title): \(result.outcome.detail)".split(separator: "|").joined(separator: "/")
            return "\(result.id) | \(words.prefix(80)) | \(result.expectation?.reason ?? "why this is tolerated")"
        }
        return (["# Known failures: CASE | how its outcome begins | why it is tolerated"] + lines).joined(
            separator: "\n") + "\n"
    }

    private static func parts(of line: String) -> [String] {
        line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map { part in
            var text = part
            while text.first == " " { text.removeFirst() }
            while text.last == " " || text.last == "\r" { text.removeLast() }
            return String(text)
        }
    }

    /// A line that cannot be used.
    package struct ListError: Error, CustomStringConvertible {
        /// The line, from 1.
        package var line: Int
        /// What is wrong with it.
        package var problem: String

        package var description: String { "line \(line) of the expected failures: \(problem)" }
    }
}
