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

    /// What the suite cannot see, and where this repository holds its own side to it: below the frames, of a carrier;
    /// above them, of what a host does with a result, or takes for the same chip.
    private static let elsewhere: [String: String] = [
        "LNK-001": "below the frames; Tests/LinkContract tries every carrier",
        "USB-001": "below the frames; Tests/USBDriverTests",
        "USB-003": "below the frames; Tests/BoardEmulatorTests",
        "USB-005": "below the frames; Tests/USBDriverTests",
        "CFG-006": "above the frames; Tests/InTheLoopTests/CalibrationSetTests.swift",
        "RES-004": "above the frames; Tests/WireProtocolTests/StreamingTests.swift",
        "EXE-007": "above the frames; Tests/ProtocolConformanceTests/HostTests.swift, Tests/Fuzz",
        "EXE-008": "above the frames; Tests/WireProtocolTests/StreamingTests.swift",
        "BYE-002": "above the frames; Tests/TrainerCLITests/SwapTests.swift",
    ]

    /// Why the suite has no case for it, and what holds this repository's own side to it; `nil` where it owes one.
    package var heldElsewhere: String? { Self.elsewhere[id] }

    /// Whether it says MUST or SHOULD, to whomever.
    package var binds: Bool { levels.contains(.must) || levels.contains(.should) }

    /// Whether the suite owes it a case or a rule.
    package var needsCase: Bool { binds && heldElsewhere == nil }
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
            let names = cases.map { String($0.drop { $0 != "/" }.dropFirst()) }.joined(separator: ", ")
            let level = requirement.levels.map(\.rawValue).joined(separator: ", ")
            lines.append(
                "| \(requirement.id) | \(level) | \(requirement.side.rawValue) | \(requirement.text) "
                    + "| \(cases.isEmpty ? Self.excuse(requirement) : "\(cases.count): \(names)") |")
        }
        let covered = rows.count { !$0.cases.isEmpty }
        let count = rows.reduce(0) { $0 + $1.cases.count }
        let binding = rows.filter(\.requirement.binds)
        let tried = binding.count { !$0.cases.isEmpty }
        lines += [
            "", "\(count) cases for \(covered) of \(rows.count) requirements.",
            "\(binding.count) say MUST or SHOULD: \(tried) have cases, "
                + "\(binding.count { $0.cases.isEmpty && $0.requirement.heldElsewhere != nil }) are held elsewhere, "
                + "\(gaps.count) are gaps.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// What the matrix says instead of cases.
    private static func excuse(_ requirement: Requirement) -> String {
        if let place = requirement.heldElsewhere { return "none: \(place)" }
        return requirement.binds ? "MISSING" : "none: it states no MUST or SHOULD"
    }
}
