public import DeviceTransport
import Synchronization

/// A link to a program that this process starts: its standard input and output are the link (`exec:COMMAND`).
///
/// Each link is a program of its own; it ends with the link. What it writes to its standard error goes to ours.
public struct ProcessTransport: Transport, ~Copyable {
    /// Gone before the program is waited for; the lock is never contended, it is what a `deinit` can take from.
    private let streams: Mutex<StreamTransport?>
    private let child: ChildProcess
    private let command: String

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public let wake: @Sendable () -> Void

    /// Starts a command by the shell.
    ///
    /// - Parameters:
    ///   - command: What `sh -c` takes.
    ///   - frameLimit: Longest frame, in bytes, that is accepted.
    /// - Throws: `cannotConnect`, when no process can be started. A command that is not found shows at the first frame.
    public init(running command: String, frameLimit: Int = StreamLimits.frameBytes) throws(TransportError) {
        let wakeUp = try WakeUp()
        // The shell gives way to the command where that is a single program, so that its end is the program's.
        let started = try ChildProcess.start("/bin/sh", arguments: ["-c", command])
        child = started.child
        streams = Mutex(
            StreamTransport(
                input: started.output, output: started.input, named: "the program \"\(command)\"",
                frameLimit: frameLimit, wakeUp: wakeUp))
        wake = wakeUp.signal
        self.command = command
    }

    deinit {
        streams.withLock { $0.take()?.close() }
        child.finish(within: Self.endLimit)
    }

    /// Sends a frame.
    ///
    /// - Throws: `peerGone`, with how the program ended, when it has.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        do throws(TransportError) {
            try streams.withLock { (streams) throws(TransportError) in try streams?.send(frame) }
        } catch {
            throw explained(error)
        }
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone`, with how the program ended, when it has and all that it sent has been received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        do throws(TransportError) {
            return try streams.withLock { (streams) throws(TransportError) in try streams?.receive(within: limit) }
        } catch {
            throw explained(error)
        }
    }

    /// Ends the link: the program finds its input at the end, and is stopped if it goes on for 2 s (STR-003).
    public consuming func close() {}

    /// A lost link's error, with the program's end.
    private func explained(_ error: TransportError) -> TransportError {
        guard error.code == .peerGone, let end = child.end(within: .milliseconds(200)) else { return error }
        let hint = end == .exited(127) ? " (the shell did not find it)" : ""
        return TransportError(.peerGone, "the program \"\(command)\" \(end)\(hint)")
    }

    private static let endLimit: Duration = .seconds(2)
}
