import DeviceTransport
import Foundation
import FoundationXML
import Mutants
import ProtocolConformance
import Testing
import WireProtocol

/// The runner itself: cases that must fail, each in its own way, in every form of report; lists, seeds, dead devices.
@Suite struct RunnerTests {
    private struct Surprise: Error {}

    private static func made(
        _ id: String, needs: [ConformanceCase.Need] = [], hostile: Bool = false,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(
            id, "made up for \"tests\" & <reports>", in: .errors, needs: needs, hostile: hostile, body: body)
    }

    /// One case for each outcome.
    private static let mustFail: [ConformanceCase] = [
        made("REQ-002/passes") { try $0.opened().settle() },
        made("REQ-002/lenient") { $0.allow("right, but in the wrong form") },
        made("REQ-002/fails") { try $0.require(false, "a reason with \"quotes\", <marks> & a # sign") },
        made("REQ-002/partial") { context in
            try context.each([1, 2, 3], { "value \($0)" }) { try context.require($0 != 2, "wrong") }
        },
        made("REQ-002/skips", needs: [.effect("an effect that nobody has")]) { _ in },
        made("REQ-002/undecided") { _ in throw CaseStop.undecided("nobody can say") },
        made("REQ-002/throws") { _ in throw Surprise() },
        made("REQ-002/hangs") { context in
            let client = try context.opened()
            while true { _ = try client.next(within: .seconds(1)) }
        },
    ]

    private static let due: [Outcome.Kind] = [
        .pass, .passLenient, .fail, .failPartial, .skip, .inconclusive, .suiteError, .suiteError,
    ]

    private static func report(_ cases: [ConformanceCase], expected: String = "") throws -> SuiteReport {
        try SuiteRunner(
            SimulatedTarget(), options: SuiteOptions(seed: 7), expected: ExpectedFailures(parsing: expected, of: cases)
        ).run(cases)
    }

    @Test func eachOutcomeIsReportedAsItself() throws {
        let report = try Self.report(Self.mustFail)
        #expect(report.results.map(\.outcome.kind) == Self.due)
        #expect(report.results[3].outcome.title == "FAIL-PARTIAL 2/3")
        #expect(report.results[3].outcome.detail.contains("value 2"))
        #expect(report.results[7].outcome.detail.contains("did not end within"))
        #expect(report.verdict == .suiteError)
    }

    @Test func theTextNamesEveryCaseThatDidNotPass() throws {
        let text = try Self.report(Self.mustFail).rendered(as: .text)
        for (entry, kind) in zip(Self.mustFail, Self.due) where kind != .pass {
            #expect(
                text.split(separator: "\n").contains { $0.contains(entry.id) && $0.contains(kind.rawValue) },
                "\(entry.id)")
        }
    }

    @Test func theJSONCanBeReadAndHoldsEveryOutcome() throws {
        let text = try Self.report(Self.mustFail).rendered(as: .json)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let cases = try #require(object["cases"] as? [[String: Any]])
        #expect(cases.compactMap { $0["outcome"] as? String } == Self.due.map(\.rawValue))
        #expect(cases[2]["detail"] as? String == "a reason with \"quotes\", <marks> & a # sign")
        #expect(cases[3]["passed"] as? Int == 2 && cases[3]["of"] as? Int == 3)
        #expect(object["exit_code"] as? Int == 5)
        let device = try #require(object["device"] as? [String: String])
        #expect(device["serial"] == "redacted")
    }

    @Test func theJUnitReportIsXMLWithTheRightCounts() throws {
        let text = try Self.report(Self.mustFail).rendered(as: .junit)
        let counter = ElementCounter()
        let parser = XMLParser(data: Data(text.utf8))
        parser.delegate = counter
        #expect(parser.parse(), "\(parser.parserError.map { "\($0)" } ?? "")")
        #expect(counter.counts["testcase"] == 8)
        #expect(counter.counts["failure"] == 3)
        #expect(counter.counts["error"] == 3)
        #expect(counter.counts["skipped"] == 1)
        #expect(counter.suites == ["tests": "8", "failures": "3", "errors": "3"])
    }

    @Test func theTAPReportHasALineForEachCase() throws {
        let lines = try Self.report(Self.mustFail).rendered(as: .tap).split(separator: "\n")
        #expect(lines[0] == "TAP version 13" && lines[1] == "1..8")
        let tests = lines.filter { $0.hasPrefix("ok ") || $0.hasPrefix("not ok ") }
        #expect(tests.map { $0.hasPrefix("ok ") } == [true, false, false, false, true, false, false, false])
        #expect(tests[4].contains("# SKIP"))
        #expect(!tests[2].contains("a # sign"), "a directive must not begin by chance")
        for kind in [Outcome.Kind.passLenient, .fail, .failPartial, .inconclusive, .suiteError] {
            #expect(lines.contains { $0.hasPrefix("  outcome: \(kind.rawValue)") }, "\(kind)")
        }
    }

    @Test func theHTMLPageNeedsNothingElseAndEscapesWhatItShows() throws {
        let text = try Self.report(Self.mustFail).rendered(as: .html)
        for (entry, kind) in zip(Self.mustFail, Self.due) {
            #expect(text.contains("<code>\(entry.id)</code>"), "\(entry.id)")
            #expect(text.contains(kind.rawValue), "\(kind)")
        }
        #expect(text.contains("&lt;marks&gt; &amp; a # sign"))
        #expect(!text.contains("<marks>"))
        for outside in ["http://", "https://", "src=", "<script", "@import", "url("] {
            #expect(!text.contains(outside), "\(outside)")
        }
    }

    @Test func expectedFailuresDoNotCountAndStaleOnesDo() throws {
        let cases = Array(Self.mustFail.prefix(4))
        let known = """
            # a comment
            REQ-002/lenient | PASS-LENIENT: right, but | firmware 3 drops links in silence
            REQ-002/fails | FAIL: a reason with | issue 12
            REQ-002/partial | FAIL-PARTIAL 2/3 | issue 13
            """
        let report = try Self.report(cases, expected: known)
        #expect(report.verdict == .conformant)
        #expect(report.summary == "conformant but for 3 known failures")
        let other = try Self.report(cases, expected: known.replacing("a reason with", with: "another reason"))
        #expect(other.verdict == .stale)
        let healed = try Self.report(cases, expected: known + "\nREQ-002/passes | FAIL | issue 14")
        #expect(healed.verdict == .stale)
        #expect(healed.rendered(as: .text).contains("STALE  REQ-002/passes"))
        let unlisted = try Self.report(cases, expected: "")
        #expect(unlisted.verdict == .failures)
    }

    @Test func aListThatCannotBeUsedSaysWhereAndWhy() {
        for (text, words) in [
            ("REQ-002/fails | FAIL", "line 1"), ("# x\n\nNO-001/such | FAIL | why", "line 3"),
            ("REQ-002/fails | FAIL | a\nREQ-002/fails | FAIL | b", "twice"), ("REQ-002/fails |  | a", "line 1"),
        ] {
            let error = #expect(throws: ExpectedFailures.ListError.self) {
                try ExpectedFailures(parsing: text, of: Self.mustFail)
            }
            #expect(error.map { "\($0)".contains(words) } == true, "\(text)")
        }
    }

    @Test func aBlessedListMakesTheSameRunPass() throws {
        let cases = Array(Self.mustFail.prefix(4))
        let list = ExpectedFailures.list(for: try Self.report(cases).results)
        #expect(try Self.report(cases, expected: list).verdict == .conformant)
    }

    @Test func theSameSeedSendsTheSameFrames() throws {
        let cases = ConformanceSuite.cases.filter { ["FRM-004/payload-bits", "REQ-006/damaged-stage"].contains($0.id) }
        let captures = try (0..<2).map { _ in try SuiteTests.report(of: SimulatedTarget(), cases).results.map(\.capture)
        }
        #expect(captures[0] == captures[1])
        let other = try SuiteTests.report(of: SimulatedTarget(), cases, seed: 2).results.map(\.capture)
        #expect(other != captures[0])
    }

    @Test func aDeviceThatDiesIsReportedAtTheCaseThatKilledItAndStartedAnew() throws {
        let target = MortalTarget()
        let cases = [
            Self.made("REQ-002/before") { try $0.opened().settle() },
            Self.made("REQ-002/kills", hostile: true) { _ in target.isDead = true },
            Self.made("REQ-002/after") { try $0.opened().settle() },
        ]
        let report = try SuiteRunner(target, options: SuiteOptions()).run(cases)
        #expect(report.results.map(\.outcome.kind) == [.pass, .fail, .pass])
        #expect(report.results[1].outcome.detail.contains("no longer answers after this case"))
        target.canRestart = false
        let without = try SuiteRunner(target, options: SuiteOptions()).run(cases)
        #expect(without.results.map(\.outcome.kind) == [.pass, .fail, .inconclusive])
        #expect(without.results[2].outcome.detail.contains("REQ-002/kills"))
    }

    @Test func nobodyAtTheAddressIsNoVerdict() {
        let target = MortalTarget()
        target.isDead = true
        #expect(throws: TargetUnreachable.self) { try SuiteRunner(target, options: SuiteOptions()).run(Self.mustFail) }
    }

    @Test func aCaptureHoldsEveryFrameAndCanBeReadAgain() throws {
        let entry = try #require(ConformanceSuite.cases.first { $0.id == "FRM-001/magic-byte-0" })
        let capture = try SuiteTests.report(of: SimulatedTarget(), [entry]).results[0].capture
        let text = capture.text(heading: ["a heading"])
        #expect(text.hasPrefix("# a heading\n"))
        let frames = capture.records.compactMap { record -> [UInt8]? in
            switch record.event {
            case .sent(let frame), .received(let frame): frame
            case .opened, .closed, .lost, .note: nil
            }
        }
        let read = text.split(separator: "\n").compactMap { line -> [UInt8]? in
            let words = line.split(separator: " ")
            return words.count == 4 && ["sent", "received"].contains(words[2]) ? Hex.bytes(words[3]) : nil
        }
        #expect(frames.count >= 6 && read == frames)
        let story = capture.story.joined(separator: "\n")
        #expect(story.contains("HELLO response final") && story.contains("ERROR BAD_MAGIC"))
    }
}

/// A device that can be dead, and comes back when it is started anew.
private final class MortalTarget: DeviceTarget, @unchecked Sendable {
    private let device = SimulatedTarget()
    var isDead = false
    var canRestart = true

    var name: String { device.name }
    var now: Duration { device.now }
    var canLeave: Bool { false }
    func sleep(for duration: Duration) { device.sleep(for: duration) }
    func leave() -> Bool { false }

    func restart() -> Bool {
        guard canRestart else { return false }
        isDead = false
        return device.restart()
    }

    func open() throws(TransportError) -> any DeviceLink {
        if isDead { throw TransportError(.cannotConnect, "nobody is there") }
        return try device.open()
    }
}

/// Counts the elements of an XML text.
private final class ElementCounter: NSObject, XMLParserDelegate {
    var counts: [String: Int] = [:]
    var suites: [String: String] = [:]

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        counts[name, default: 0] += 1
        if name == "testsuites" { suites = attributes.filter { ["tests", "failures", "errors"].contains($0.key) } }
    }
}
