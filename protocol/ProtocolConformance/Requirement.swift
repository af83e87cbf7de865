/// A requirement of `protocol/SPEC.md`.
package struct Requirement: Sendable, Hashable {
    /// Words with which a requirement binds.
    package enum Level: String, Sendable, Hashable, CaseIterable {
        case must = "MUST"
        case should = "SHOULD"
        case may = "MAY"
    }

    /// Whom a requirement binds.
    package enum Side: String, Sendable, Hashable, CaseIterable {
        case device
        case host
        /// Device and host alike.
        case both
        /// What carries frames, or the specification itself.
        case carrier
    }

    /// The id.
    package let id: String
    /// The words in its text; empty where it states a fact that others lean on.
    package let levels: [Level]
    /// Whom it binds.
    package let side: Side
    /// How its text begins.
    package let text: String

    init(_ id: String, _ levels: [Level], _ side: Side, _ text: String) {
        self.id = id
        self.levels = levels
        self.side = side
        self.text = text
    }

    /// Requirements of hosts that no frame shows: what a host does with a result, or takes for the same chip. The tests of
    /// our own host hold it to them.
    private static let invisible: Set<String> = ["CFG-006", "RES-004", "EXE-007", "EXE-008", "BYE-002"]

    /// Whether the suite owes it a case or a rule: MUST and SHOULD, where frames show them, of devices and hosts.
    package var needsCase: Bool {
        side != .carrier && !Self.invisible.contains(id) && (levels.contains(.must) || levels.contains(.should))
    }
}

/// Which cases are about which requirement.
package struct TraceMatrix: Sendable {
    /// A requirement and its cases.
    package var rows: [(requirement: Requirement, cases: [String])]
    /// Cases that name no requirement of the list.
    package var strays: [String]

    /// The matrix of some cases.
    package init(_ cases: [String]) {
        let groups = Dictionary(grouping: cases) { String($0.prefix { $0 != "/" }) }
        rows = Requirement.all.map { ($0, groups[$0.id] ?? []) }
        let known = Set(Requirement.all.map(\.id))
        strays = cases.filter { !known.contains(String($0.prefix { $0 != "/" })) }
    }

    /// The matrix of the suite: its cases for devices, and the inspector's rules for hosts.
    package init() { self.init(ConformanceSuite.cases.map(\.id) + HostInspector.rules.map(\.id)) }

    /// Requirements that need a case and have none.
    package var gaps: [Requirement] { rows.filter { $0.requirement.needsCase && $0.cases.isEmpty }.map(\.requirement) }

    /// The matrix as a table in Markdown.
    package var markdown: String {
        var lines = [
            "# Requirements of VP/1 and the cases that hold a device or a host to them", "",
            "Written by `volley-conformance matrix`.", "",
            "| requirement | level | binds | begins | cases |", "| --- | --- | --- | --- | --- |",
        ]
        for (requirement, cases) in rows {
            let names = cases.map { String($0.drop { $0 != "/" }.dropFirst()) }
            let level = requirement.levels.map(\.rawValue).joined(separator: ", ")
            lines.append(
                "| \(requirement.id) | \(level) | \(requirement.side.rawValue) | \(requirement.text) "
                    + "| \(cases.count)\(names.isEmpty ? "" : ": " + names.joined(separator: ", ")) |")
        }
        let covered = rows.count { !$0.cases.isEmpty }
        let count = rows.reduce(0) { $0 + $1.cases.count }
        lines += ["", "\(count) cases for \(covered) of \(rows.count) requirements; \(gaps.count) gaps."]
        return lines.joined(separator: "\n") + "\n"
    }
}
