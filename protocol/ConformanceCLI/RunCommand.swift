import ArgumentParser
import DeviceTransport
import Foundation
import ProtocolConformance

/// `volley-conformance URI`: runs the suite.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Run the suite against a device; done where no subcommand is named.")

    @Argument(
        help: ArgumentHelp(
            "Where the device is: zmq+tcp://HOST:PORT, zmq+ipc:///PATH, usb:... or exec:COMMAND.", valueName: "uri"))
    var uri: String?

    @Flag(help: "List the cases that would run, with what they hold a device to, and do nothing.")
    var list = false

    @Flag(help: "The same, with the number of cases in each section; asks no device.")
    var dryRun = false

    @Option(
        help: ArgumentHelp(
            "Run only cases whose id begins so, or a whole section by its name; may be repeated.", valueName: "start"))
    var filter: [String] = []

    @Option(
        help: ArgumentHelp(
            "Decides every random number of the run; drawn and printed if not given.", valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "core: all requirements, quickly; full: also the cases that wait or send much.", valueName: "core|full"))
    var profile = ConformanceCase.Profile.core

    @Option(help: ArgumentHelp("Failures that are known: lines of CASE | OUTCOME | REASON.", valueName: "file"))
    var expected: String?

    @Option(help: ArgumentHelp("Write the failures of this run as such a list; not with --filter.", valueName: "file"))
    var bless: String?

    @Option(help: ArgumentHelp("Write the report as text.", valueName: "file"))
    var reportText: String?

    @Option(help: ArgumentHelp("Write the report as JUnit XML.", valueName: "file"))
    var reportJunit: String?

    @Option(help: ArgumentHelp("Write the report in the Test Anything Protocol.", valueName: "file"))
    var reportTap: String?

    @Option(help: ArgumentHelp("Write the report as JSON.", valueName: "file"))
    var reportJson: String?

    @Option(help: ArgumentHelp("Write the report as one HTML page.", valueName: "file"))
    var reportHtml: String?

    @Flag(help: "Print the report as JSON instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Save the frames of each case that did not pass in this folder.", valueName: "folder"))
    var captures: String?

    @Flag(help: "Show the chip's serial in reports.")
    var showSerial = false

    @Option(help: ArgumentHelp("How long the device may take for an answer.", valueName: "seconds"))
    var patience = 2.0

    @Option(
        help: ArgumentHelp(
            "Shell command that starts the device anew, where a case needs or has killed it.", valueName: "command"))
    var restart: String?

    @Option(help: ArgumentHelp("Shell command that asks the device to leave (for GOAWAY).", valueName: "command"))
    var leave: String?

    func validate() throws {
        guard list || dryRun || uri != nil else {
            throw ValidationError("Name the device: volley-conformance zmq+tcp://HOST:PORT. See --help.")
        }
        guard (0.01...600).contains(patience) else {
            throw ValidationError("--patience \(patience) is not in 0.01...600 seconds.")
        }
        guard bless == nil || filter.isEmpty else {
            throw ValidationError("--bless is for whole runs: a list from a part of the suite would hide the rest.")
        }
    }

    func run() throws {
        var options = SuiteOptions(
            seed: seed ?? .random(in: 1...999_999), profile: profile, filters: filter, patience: .seconds(patience))
        if seed == nil, list || dryRun { options.seed = 1 }
        let cases = options.select(from: ConformanceSuite.cases)
        guard !cases.isEmpty else {
            throw ToolError.usage(
                "no case of the \(profile.rawValue) profile begins with \(filter.joined(separator: " or ")); see --list"
            )
        }
        if list || dryRun { return show(cases) }
        guard let uri else { return }
        let known = try expectedFailures()
        let address: DeviceURI
        do {
            address = try DeviceURI(uri)
        } catch {
            throw ToolError.usage(error.detail)
        }
        let target = LinkTarget(address, patience: options.patience, restart: restart, leave: leave)
        var report = try perform(cases, on: target, options: options, expected: known)
        report.showsSerial = showSerial
        // First to where it cannot fail: a run may have taken minutes.
        print(json ? report.rendered(as: .json) : report.rendered(as: .text), terminator: "")
        try write(report)
        throw ExitCode(report.verdict.rawValue)
    }

    private func show(_ cases: [ConformanceCase]) {
        for section in ConformanceCase.Section.allCases {
            let part = cases.filter { $0.section == section }
            if part.isEmpty { continue }
            print("\(section.rawValue): \(part.count) cases")
            for entry in part where list { print("  \(entry.id.padded(44))\(entry.title)") }
        }
        let requirements = Set(cases.map(\.requirement)).count
        print(
            "\(cases.count) cases of \(requirements) requirement\(requirements == 1 ? "" : "s"), "
                + "profile \(profile.rawValue)")
    }

    private func expectedFailures() throws -> ExpectedFailures {
        guard let expected else { return ExpectedFailures() }
        do {
            return try ExpectedFailures(
                parsing: String(contentsOfFile: expected, encoding: .utf8), of: ConformanceSuite.cases)
        } catch let error as ExpectedFailures.ListError {
            throw ToolError.usage("\(expected), \(error)")
        } catch {
            throw ToolError.usage("cannot read \(expected): \(error.localizedDescription)")
        }
    }

    private func perform(
        _ cases: [ConformanceCase], on target: LinkTarget, options: SuiteOptions, expected: ExpectedFailures
    ) throws -> SuiteReport {
        Console.complain(
            "\(cases.count) cases, profile \(profile.rawValue), seed \(options.seed), against \(target.name)")
        var done = 0
        var failed = 0
        do {
            let report = try SuiteRunner(target, options: options, expected: expected).run(cases) { result, count in
                done += 1
                if result.isUnexpectedFailure { failed += 1 }
                if Console.isTerminal {
                    Console.status("\(done)/\(count)  \(failed) failed  \(result.id)")
                } else if done % 50 == 0 {
                    // A log gets a line now and then.
                    Console.complain("\(done)/\(count)  \(failed) failed  \(result.id)")
                }
            }
            if Console.isTerminal { Console.status("") }
            return report
        } catch {
            let story = error.capture.story
            throw ToolError(
                status: ToolError.unreachableStatus,
                text: (["volley-conformance: \(error)", "Is it running, and is the address right?"]
                    + (story.isEmpty ? [] : ["What happened on the link:"] + story)).joined(separator: "\n"))
        }
    }

    private func write(_ report: SuiteReport) throws {
        let files: [(String?, SuiteReport.Form)] = [
            (reportText, .text), (reportJunit, .junit), (reportTap, .tap), (reportJson, .json), (reportHtml, .html),
        ]
        for (path, form) in files {
            if let path { try Self.write(report.rendered(as: form), to: path) }
        }
        if let bless { try Self.write(ExpectedFailures.list(for: report.results), to: bless) }
        guard let captures else { return }
        do {
            try FileManager.default.createDirectory(atPath: captures, withIntermediateDirectories: true)
        } catch {
            throw ToolError.usage("cannot make the folder \(captures): \(error.localizedDescription)")
        }
        for result in report.results where result.outcome.kind != .pass && result.outcome.kind != .skip {
            let name = String(result.id.map { $0 == "/" ? "_" : $0 })
            let heading = [
                "\(result.id): \(result.title)", "\(result.outcome.title): \(result.outcome.detail)",
                report.command(for: result), "microseconds link event bytes",
            ]
            try Self.write(result.capture.text(heading: heading), to: "\(captures)/\(name).capture")
        }
    }

    private static func write(_ text: String, to path: String) throws {
        do {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        } catch {
            throw ToolError.usage("cannot write \(path): \(error.localizedDescription)")
        }
    }
}

extension ConformanceCase.Profile: ExpressibleByArgument {}
