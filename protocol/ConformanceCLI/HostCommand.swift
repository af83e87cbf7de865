import ArgumentParser
import DeviceTransport
import Foundation
import Mutants
import ProtocolConformance
import ZeroMQDriver

/// `volley-conformance host`: faulty devices for hosts, and a judge of what hosts send.
struct HostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "host",
        abstract: "Serve a right device as many faulty ones, and hold the hosts that come to the rules for hosts.",
        discussion: """
            The device at --device does the work; what stands between changes its frames. `volleyd` will do.

              volley-conformance host --device zmq+tcp://127.0.0.1:7755 --command 'my-host --device {}'
                  runs the host once in front of the device as it is, and once in front of each faulty one
              volley-conformance host --device zmq+tcp://127.0.0.1:7755 --mutant answers-twice
                  waits for a host that somebody starts; reports when it has been gone for --idle seconds

            A host has to keep every rule in front of every device, and to end. In front of a right device, odd or not, it
            also has to succeed. Whether it hands on a wrong result cannot be seen from here: have it compare.
            """)

    @Option(help: ArgumentHelp("A right device that is free.", valueName: "uri"))
    var device: String

    @Option(help: ArgumentHelp("Where hosts find the faulty devices.", valueName: "uri"))
    var listen = "tcp://127.0.0.1:0"

    @Option(
        help: ArgumentHelp(
            "A faulty device by its name in `volleyd mutants`, or honest; may be repeated. All, if there is a command.",
            valueName: "name"))
    var mutant: [String] = []

    @Option(
        help: ArgumentHelp(
            "Shell command that starts the host, with {} for the address.", valueName: "command"))
    var command: String?

    @Option(help: ArgumentHelp("How long the host may take in front of each device.", valueName: "seconds"))
    var patience = 60

    @Option(help: ArgumentHelp("Without a command: how long without a frame is the end.", valueName: "seconds"))
    var idle = 5.0

    @Flag(help: "Print the report as JSON instead of text.")
    var json = false

    @Option(help: ArgumentHelp("Save the frames where a host failed in this folder.", valueName: "folder"))
    var captures: String?

    func run() throws {
        let mutants = try chosen()
        let address: DeviceURI
        let place: DeviceURI
        do {
            address = try DeviceURI(device)
            place = try DeviceURI(listen)
        } catch {
            throw ToolError.usage(error.detail)
        }
        let target = LinkTarget(address, patience: .seconds(5), restart: nil, leave: nil)
        var verdicts: [HostVerdict] = []
        for mutant in mutants {
            let verdict = try check(target, place, mutant)
            verdicts.append(verdict)
            Console.complain(
                "\(verdicts.count)/\(mutants.count)  \(verdict.device)\(verdict.flaws.isEmpty ? "" : "  FAILED")")
        }
        let report = HostReport(verdicts)
        print(json ? report.json : report.text, terminator: "")
        throw ExitCode(report.isConformant ? 0 : 1)
    }

    /// The devices to play; `nil` is the right one as it is.
    private func chosen() throws -> [Mutant?] {
        if mutant.isEmpty { return command == nil ? [nil] : [nil] + Mutant.all }
        return try mutant.map { name in
            if name == "honest" { return nil }
            guard let found = Mutant.named(name) else {
                throw ToolError.usage("there is no faulty device \"\(name)\"; `volleyd mutants` lists them")
            }
            return found
        }
    }

    private func check(_ target: LinkTarget, _ place: DeviceURI, _ mutant: Mutant?) throws -> HostVerdict {
        do {
            // The device has to be there before a host meets it.
            try target.open().close()
        } catch {
            throw ToolError(status: ToolError.unreachableStatus, text: "volley-conformance: \(error)")
        }
        let check: HostCheck<ZeroMQListener>
        do {
            check = HostCheck(
                target, on: try ZeroMQListener(on: place), through: mutant.map { MutantRelay($0) } ?? HonestRelay())
        } catch {
            throw ToolError.usage(error.detail)
        }
        defer { check.end() }
        let host = try command.map { try HostProcess($0, at: check.address) }
        if host == nil { Console.complain("\(mutant?.id ?? "honest"): waiting for hosts at \(check.address)") }
        let start = target.now
        do {
            try check.serve {
                if let host { return host.ending != nil || target.now - start > .seconds(patience) }
                return check.links > 0 && target.now - check.lastHeard > .seconds(idle)
            }
        } catch {
            throw ToolError(status: ToolError.unreachableStatus, text: "volley-conformance: \(error)")
        }
        let verdict = HostVerdict(
            device: mutant?.id ?? "honest", summary: mutant?.summary ?? "Does everything right",
            isFaulty: mutant.map { $0.kind != .odd } ?? false, links: check.links, results: check.results,
            applied: check.inspector.applied, violations: check.inspector.violations,
            ending: host.map { $0.stop() ?? .overdue(patience) })
        if !verdict.flaws.isEmpty { try save(check.capture, of: verdict) }
        return verdict
    }

    private func save(_ capture: Capture, of verdict: HostVerdict) throws {
        guard let captures else { return }
        do {
            try FileManager.default.createDirectory(atPath: captures, withIntermediateDirectories: true)
            let heading = ["\(verdict.device): \(verdict.summary)"] + verdict.flaws + ["microseconds link event bytes"]
            try capture.text(heading: heading)
                .write(toFile: "\(captures)/host_\(verdict.device).capture", atomically: true, encoding: .utf8)
        } catch {
            throw ToolError.usage("cannot write to \(captures): \(error.localizedDescription)")
        }
    }
}

extension MutantRelay: FrameRelay {}

/// A host that was started here, with its children.
private final class HostProcess {
    private let process = Process()

    /// Starts a command of the shell; `{}` in it stands for the address.
    init(_ command: String, at address: DeviceURI) throws {
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", command.replacingOccurrences(of: "{}", with: address.description)]
        process.standardInput = FileHandle.nullDevice
        // What the host has to say is not part of the report.
        process.standardOutput = FileHandle.standardError
        do {
            try process.run()
        } catch {
            throw ToolError.usage("cannot start \(command): \(error.localizedDescription)")
        }
    }

    /// How it ended, if it has.
    var ending: HostEnding? {
        guard !process.isRunning else { return nil }
        return process.terminationReason == .exit
            ? .exit(process.terminationStatus) : .signal(process.terminationStatus)
    }

    /// Ends it where it has not ended; `nil` then.
    func stop() -> HostEnding? {
        if let ending { return ending }
        kill(-process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        return nil
    }
}
