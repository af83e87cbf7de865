/// What hosts did in front of one device, right or faulty.
package struct HostVerdict: Sendable {
    /// What the device was: `honest`, or the name of its deviation.
    package var device: String
    /// What it did, in a sentence.
    package var summary: String
    /// Whether the device broke a rule; a host may give up then, but neither hang nor crash.
    package var isFaulty: Bool
    /// Links that were opened.
    package var links: Int
    /// Results that were sent to the host.
    package var results: Int
    /// How often each rule was applied.
    package var applied: [String: Int]
    /// What the host did wrong.
    package var violations: [HostInspector.Violation]
    /// How the host's program ended; `nil` where it was not started here.
    package var ending: HostEnding?

    /// A verdict; every argument has the meaning of the property of its name.
    package init(
        device: String, summary: String, isFaulty: Bool, links: Int, results: Int, applied: [String: Int],
        violations: [HostInspector.Violation], ending: HostEnding?
    ) {
        self.device = device
        self.summary = summary
        self.isFaulty = isFaulty
        self.links = links
        self.results = results
        self.applied = applied
        self.violations = violations
        self.ending = ending
    }

    /// What counts against the host.
    package var flaws: [String] {
        var flaws = violations.map { "\($0.rule): \($0.detail)" }
        if links == 0 { flaws.append("no host came") }
        switch ending {
        case .exit(let status)? where status != 0 && !isFaulty: flaws.append("the host ended with status \(status)")
        case .signal(let number)?: flaws.append("the host was ended by signal \(number)")
        case .overdue(let seconds)?: flaws.append("the host did not end within \(seconds) s")
        case .exit?, nil: break
        }
        return flaws
    }
}

/// How a host's program ended.
package enum HostEnding: Sendable, Hashable {
    /// With a status.
    case exit(Int32)
    /// By a signal.
    case signal(Int32)
    /// Not at all, in so many seconds.
    case overdue(Int)

    /// In words.
    var words: String {
        switch self {
        case .exit(let status): "exit \(status)"
        case .signal(let number): "signal \(number)"
        case .overdue: "no end"
        }
    }
}

/// What hosts did in front of several devices.
package struct HostReport: Sendable {
    /// The verdicts, in the order of the devices.
    package var verdicts: [HostVerdict]

    /// A report on some verdicts.
    package init(_ verdicts: [HostVerdict]) { self.verdicts = verdicts }

    /// Whether nothing counts against the host.
    package var isConformant: Bool { verdicts.allSatisfy(\.flaws.isEmpty) }

    /// Of each rule: how often it was applied, and how often it was broken.
    private var rules: [(id: String, title: String, applied: Int, broken: Int)] {
        HostInspector.rules.map { rule in
            (
                rule.id, rule.title, verdicts.reduce(0) { $0 + $1.applied[rule.id, default: 0] },
                verdicts.reduce(0) { $0 + $1.violations.count { $0.rule == rule.id } }
            )
        }
    }

    /// The report for people: a line for each device, then one for each rule.
    package var text: String {
        var lines: [String] = []
        for verdict in verdicts {
            let ending = verdict.ending.map { ", \($0.words)" } ?? ""
            lines.append(
                (verdict.flaws.isEmpty ? "ok      " : "FAILED  ") + verdict.device.padded(36)
                    + "\(verdict.links) links, \(verdict.results) results\(ending)")
            if verdict.flaws.isEmpty { continue }
            lines.append("        this device: \(verdict.summary)")
            // The first ones tell the story.
            for flaw in verdict.flaws.prefix(5) { lines.append("        \(flaw)") }
            if verdict.flaws.count > 5 { lines.append("        and \(verdict.flaws.count - 5) more") }
        }
        lines.append("")
        for rule in rules {
            let count = rule.broken > 0 ? "broken \(rule.broken) of \(rule.applied)" : "\(rule.applied)"
            lines.append("\(rule.id.padded(32))\(count.padded(18))\(rule.title)")
        }
        let failed = verdicts.count { !$0.flaws.isEmpty }
        let unseen = rules.count { $0.applied == 0 }
        lines.append("")
        if unseen > 0 { lines.append("\(unseen) rules were never applied: they have shown nothing") }
        lines.append(
            failed == 0
                ? "conformant in front of \(verdicts.count) devices"
                : "not conformant: \(failed) of \(verdicts.count) devices")
        return lines.joined(separator: "\n") + "\n"
    }

    /// The report for programs.
    package var json: String {
        let devices = verdicts.map { verdict in
            JSONText.object([
                ("device", JSONText.quoted(verdict.device)), ("summary", JSONText.quoted(verdict.summary)),
                ("ok", "\(verdict.flaws.isEmpty)"), ("links", "\(verdict.links)"), ("results", "\(verdict.results)"),
                ("ending", verdict.ending.map { JSONText.quoted($0.words) } ?? "null"),
                ("flaws", "[" + verdict.flaws.map(JSONText.quoted).joined(separator: ", ") + "]"),
            ])
        }
        let rules = rules.map { rule in
            JSONText.object([
                ("rule", JSONText.quoted(rule.id)), ("title", JSONText.quoted(rule.title)),
                ("applied", "\(rule.applied)"), ("broken", "\(rule.broken)"),
            ])
        }
        return
            "{\n  \"conformant\": \(isConformant),\n  \"devices\": \(JSONText.lines(devices)),\n  \"rules\": \(JSONText.lines(rules))\n}\n"
    }
}
