import DeviceClient
import DeviceTransport
import Foundation
import Glibc
import StreamDriver
import Substrate
import Testing
import WireProtocol
import ZeroMQDriver

/// A `volleyd` process at an address of the test's choice.
struct TestDaemon {
    let address: DeviceURI
    let process: ChildProcess
    private let lifeline: Int32

    /// What daemons of all tests say, beside them.
    private static let log = "\(ChildProcess.programFolder)/volleyd-tests.log"

    /// Starts a daemon and waits until it is ready.
    init(on uri: String, _ arguments: [String] = []) throws {
        let started = try ChildProcess.start(
            Self.program(), arguments: ["--listen", uri, "--exit-with-parent"] + arguments,
            log: Self.log)
        process = started.child
        lifeline = started.input
        defer { close(started.output) }
        let line = ChildProcess.readLine(from: started.output, within: .seconds(10))
        let words = try #require(line, "volleyd did not become ready").split(separator: " ")
        try #require(words.count > 3 && words[1] == "ready")
        address = try DeviceURI(String(words[3]))
    }

    /// The program, which the package builds beside the tests.
    static func program() throws -> String {
        do {
            return try DaemonProcess.locate()
        } catch {
            Issue.record("volleyd is missing; run: swift build -c release --product volleyd")
            throw error
        }
    }

    /// Runs the program until it ends by itself.
    static func run(_ arguments: [String]) throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try program())
        process.arguments = arguments
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let words = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text, words)
    }

    /// Ends the daemon as a user would, and returns its status.
    @discardableResult func stop() -> ChildProcess.End {
        defer { close(lifeline) }
        return process.stop(within: .seconds(10))
    }

    /// Ends the daemon without giving it a chance to do anything.
    func kill() {
        Glibc.kill(process.identifier, SIGKILL)
        while process.endIfAny() == nil { usleep(1_000) }
        close(lifeline)
    }

    /// A local address that no other test uses.
    static func freshAddress() -> String {
        "ipc:///tmp/volleyd-\(getpid())-\(UInt64.random(in: 0...(.max))).sock"
    }
}

/// A client of a daemon.
func makeClient(
    of address: DeviceURI, label: String = "test",
    _ adjust: (inout RemoteDeviceOptions) -> Void = { _ in }
) -> RemoteDevice<ZeroMQTransport> {
    var options = RemoteDeviceOptions(
        runID: RunID(high: .random(in: 0...(.max)), low: 1), label: label)
    adjust(&options)
    return RemoteDevice(named: address.description, options: options) {
        patience throws(TransportError) in
        try ZeroMQTransport(connecting: address, patience: patience)
    }
}

/// Waits until the chip behind a client has work: from then on a batch that takes long enough is under way.
func waitForWork(of client: RemoteDevice<ZeroMQTransport>) async throws {
    for _ in 0..<1_000 {
        if try await client.deviceHealth().jobsQueued > 0 { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record("the batch did not reach the chip within 5 seconds")
}
