import Foundation
import Testing

/// `volley-conformance` as a process, against `volleyd` as another: what a board's maker meets.
@Suite(.serialized, .enabled(if: Command.exists, "needs the commands: swift build -c release"))
struct CommandTests {
    @Test func aRightDevicePassesAndEveryReportIsWritten() throws {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let forms = ["text", "junit", "tap", "json", "html"]
        let result = try Command.run(
            [daemon.uri, "--filter", "FRM-001", "--filter", "LSE-003", "--seed", "5"]
                + forms.flatMap { ["--report-\($0)", folder.appending(path: $0).path] })
        #expect(result.status == 0, "\(result.output) \(result.errors)")
        #expect(result.output.hasSuffix("\nconformant\n"))
        for form in forms {
            let text = try String(contentsOf: folder.appending(path: form), encoding: .utf8)
            #expect(text.contains("FRM-001/magic-byte-0") || form == "text", "\(form)")
        }
    }

    @Test func aMutantFailsWithTheCommandThatShowsItAgainAndItsFrames() throws {
        let daemon = try Daemon(["--mutant", "accepts-bad-magic"])
        defer { daemon.stop() }
        let folder = FileManager.default.temporaryDirectory.appending(path: "conformance-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let arguments = [daemon.uri, "--filter", "FRM-001/magic-byte-0", "--seed", "5", "--patience", "0.5"]
        let result = try Command.run(arguments + ["--captures", folder.path])
        #expect(result.status == 1, "\(result.output)")
        #expect(result.output.contains("volley-conformance \(daemon.uri) --filter FRM-001/magic-byte-0 --seed 5"))
        let capture = folder.appending(path: "FRM-001_magic-byte-0.capture")
        let decoded = try Command.run(["decode", capture.path])
        #expect(decoded.status == 0)
        #expect(decoded.output.contains("HELLO response final") && decoded.output.contains("badMagic at byte 0"))
        let list = folder.appending(path: "known.txt")
        try "FRM-001/magic-byte-0 | FAIL | a mutant".write(to: list, atomically: true, encoding: .utf8)
        #expect(try Command.run(arguments + ["--expected", list.path]).status == 0)
        try "FRM-001/magic-byte-0 | PASS-LENIENT | a mutant".write(to: list, atomically: true, encoding: .utf8)
        #expect(try Command.run(arguments + ["--expected", list.path]).status == 4)
    }

    @Test func nobodyAtTheAddressIsThree() throws {
        let result = try Command.run(["zmq+ipc:///tmp/nobody-is-here.sock", "--patience", "0.2"])
        #expect(result.status == 3)
        #expect(result.errors.contains("no device answers at zmq+ipc:///tmp/nobody-is-here.sock"))
    }

    @Test(arguments: [
        ([String](), "Name the device"), (["tcp:/nonsense"], "is not a device address"),
        (["zmq+ipc:///tmp/x", "--filter", "NO-SUCH"], "see --list"),
        (["zmq+ipc:///tmp/x", "--profile", "half"], "--profile"),
        (["zmq+ipc:///tmp/x", "--expected", "/nowhere"], "cannot read /nowhere"),
        (["decode", "/nowhere"], "cannot read /nowhere"),
        (["zmq+ipc:///tmp/x", "--bless", "x", "--filter", "FRM"], "--bless is for whole runs"),
    ])
    func wrongArgumentsAreTwoAndSayWhatIsWrong(arguments: [String], words: String) throws {
        let result = try Command.run(arguments)
        #expect(result.status == 2)
        #expect(result.errors.contains(words), "\(result.errors)")
    }

    /// The suite's own cases are hosts too: one that keeps the rules, and one that breaks them.
    @Test(arguments: [("REQ-002/one-response-to-ping", 0), ("FRM-010/gap-1", 1)] as [(String, Int32)])
    func aHostIsJudgedInFrontOfDevicesOfAllKinds(hosts: String, status: Int32) throws {
        let daemon = try Daemon()
        defer { daemon.stop() }
        let host = "'\(Command.path("volley-conformance"))' {} --patience 1 --filter \(hosts) >/dev/null 2>&1 || true"
        let result = try Command.run([
            "host", "--device", daemon.uri, "--listen", "ipc:///tmp/conformance-\(UUID().uuidString.prefix(8)).sock",
            "--command", host, "--mutant", "honest", "--mutant", "odd-unknown-fields", "--mutant", "answers-twice",
        ])
        #expect(result.status == status, "\(result.output) \(result.errors)")
        #expect(
            result.output.contains(status == 0 ? "conformant in front of 3 devices" : "FRM-010/host-numbers: frame"))
        // Nothing is left behind: the chip is free at once.
        #expect(try Command.run([daemon.uri, "--filter", "LSE-003"]).status == 0)
    }

    /// Programs as devices: the suite knows that each link is another one.
    @Test(arguments: ["volleyd --listen stdio --log-level error", "volley-board"])
    func aProgramIsADevice(command: String) throws {
        let words = command.split(separator: " ", maxSplits: 1)
        let program = ([Command.path(String(words[0]))] + words.dropFirst().map(String.init)).joined(separator: " ")
        let result = try Command.run([
            "exec:\(program)", "--filter", "STR-", "--filter", "FRM-001", "--filter", "FRM-010/gap-1", "--filter",
            "EXE-001",
            "--filter", "CRD-001",
        ])
        #expect(result.status == 0, "\(result.output) \(result.errors)")
    }

    @Test func theListAndTheMatrixNeedNoDevice() throws {
        let list = try Command.run(["--list", "--profile", "full"])
        #expect(list.status == 0 && list.output.contains("  FRM-010/gap-1 "))
        let dry = try Command.run(["--dry-run"])
        #expect(dry.status == 0 && dry.output.contains("framing: "))
        let matrix = try Command.run(["matrix"])
        #expect(
            matrix.status == 0 && matrix.output.contains("| FRM-010 | MUST | both |")
                && matrix.output.contains(" 0 are gaps."))
    }
}

/// The commands beside this test bundle.
enum Command {
    private static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent()

    static var exists: Bool {
        ["volley-conformance", "volleyd", "volley-board"].allSatisfy {
            FileManager.default.isExecutableFile(atPath: path($0))
        }
    }

    /// Where a command is.
    static func path(_ name: String) -> String { folder.appending(path: name).path }

    /// Runs the suite's command to its end.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let (process, output, errors) = try start("volley-conformance", arguments)
        // The report is long and comes at the end; what is complained of is short and fits its pipe.
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaints = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (
            process.terminationStatus, String(decoding: text, as: UTF8.self),
            String(decoding: complaints, as: UTF8.self)
        )
    }

    static func start(_ name: String, _ arguments: [String]) throws -> (process: Process, output: Pipe, errors: Pipe) {
        let process = Process()
        process.executableURL = folder.appending(path: name)
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        return (process, output, errors)
    }
}

/// A `volleyd` on a socket of its own.
struct Daemon {
    let uri: String
    private let process: Process

    init(_ arguments: [String] = []) throws {
        let path = "/tmp/conformance-\(UUID().uuidString.prefix(8)).sock"
        uri = "zmq+ipc://\(path)"
        let started = try Command.start("volleyd", ["--listen", "ipc://\(path)", "--log-level", "error"] + arguments)
        process = started.process
        var line = ""
        while !line.contains("\n"), process.isRunning {
            line += String(decoding: started.output.fileHandleForReading.availableData, as: UTF8.self)
        }
        try #require(line.contains("ready"), "volleyd did not become ready")
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
