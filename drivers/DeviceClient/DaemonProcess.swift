public import DeviceTransport
import Glibc
import StreamDriver
public import Substrate
import Synchronization

/// A daemon that this process has started for itself: on a private socket, gone when this process goes.
///
/// The daemon watches its standard input, a pipe whose other end only this process holds; so it stops even when this
/// process is killed.
public final class DaemonProcess: Sendable {
    /// Where the daemon listens.
    public let address: DeviceURI

    private let state: Mutex<State>
    private let directory: String
    private let logPath: String

    private struct State {
        var child: ChildProcess
        var lifeline: Int32?
        var end: ChildProcess.End?
        var isStopped = false
    }

    /// Finds the daemon: `VOLLEYD` in the environment, else beside the running program.
    ///
    /// - Throws: `badEndpoint`, with the places that were looked at.
    public static func locate() throws(DeviceError) -> String {
        if let path = getenv("VOLLEYD").map({ String(cString: $0) }), !path.isEmpty {
            guard access(path, X_OK) == 0 else {
                throw DeviceError(
                    .badEndpoint, "VOLLEYD is \"\(path)\", which is not a program",
                    remedy: "Unset VOLLEYD or set it to the path of volleyd.")
            }
            return path
        }
        let folder = ChildProcess.programFolder
        let path = "\(folder)/volleyd"
        guard access(path, X_OK) == 0 else {
            throw DeviceError(
                .badEndpoint, "there is no volleyd in \(folder)",
                remedy: "Build it (swift build -c release --product volleyd), or set VOLLEYD to its path.")
        }
        return path
    }

    /// Starts a daemon and waits until it is ready; blocks the thread for as long.
    ///
    /// - Parameters:
    ///   - executable: The program; found by `locate` if `nil`.
    ///   - arguments: Beside the address, such as `--serial 3`.
    ///   - log: A file that the daemon's log is added to; one in the private folder if `nil`.
    ///   - limit: How long it may take to become ready.
    /// - Throws: `invalidRequest`, when it finds the chip profile wrong; else `unreachable`, with the last lines of its log,
    ///   when it does not.
    public init(
        executable: String? = nil, arguments: [String] = [], log: String? = nil,
        limit: Duration = .seconds(10)
    ) throws(DeviceError) {
        let program: String
        if let executable { program = executable } else { program = try Self.locate() }
        let directory = try PrivateFolder.make()
        logPath = log ?? "\(directory)/volleyd.log"
        self.directory = directory
        let socket = "\(directory)/chip.sock"
        do throws(DeviceError) {
            let started: ChildProcess.Started
            do {
                started = try ChildProcess.start(
                    program,
                    arguments: ["--listen", "ipc://\(socket)", "--exit-with-parent"] + arguments,
                    log: logPath)
            } catch {
                throw DeviceError(contact: error)
            }
            address = DeviceURI(link: .ipc(path: socket))
            state = Mutex(State(child: started.child, lifeline: started.input))
            try awaitReadiness(of: started, within: limit)
        } catch {
            PrivateFolder.remove(directory)
            throw error
        }
    }

    deinit { stop() }

    /// The daemon's end as an error, if it has ended though nobody asked for it: its status and its last words.
    public var failure: DeviceError? {
        let end = state.withLock { state -> ChildProcess.End? in
            guard !state.isStopped else { return nil }
            state.end = state.end ?? state.child.endIfAny()
            return state.end
        }
        guard let end else { return nil }
        return DeviceError(
            .linkLost, "the daemon \(end)\(lastWords())", remedy: DeviceError.restartRemedy)
    }

    /// Process number of the daemon.
    public var processIdentifier: Int32 { state.withLock { $0.child.identifier } }

    /// Stops the daemon: asks, waits, then kills; removes the private folder. Harmless when repeated.
    public func stop(within limit: Duration = .seconds(6)) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            if let lifeline = state.lifeline.take() { close(lifeline) }
            if state.end == nil { state.end = state.child.stop(within: limit) }
        }
        PrivateFolder.remove(directory)
    }

    private func awaitReadiness(
        of started: ChildProcess.Started, within limit: Duration
    ) throws(DeviceError) {
        defer { close(started.output) }
        let line = ChildProcess.readLine(from: started.output, within: limit)
        if let line, line.hasPrefix("volleyd ready on ") { return }
        let words = lastWords()
        let end = state.withLock { state in
            state.isStopped = true
            if let lifeline = state.lifeline.take() { close(lifeline) }
            return state.child.stop(within: .seconds(1))
        }
        // Its arguments, such as a chip profile, are the user's; what is wrong with them it says itself.
        if end == .exited(65) {
            let reason = words.split(separator: "\n").dropFirst().joined(separator: "\n")
            let text = reason.hasPrefix("Error: ") ? String(reason.dropFirst("Error: ".count)) : reason
            throw DeviceError(.invalidRequest, "the emulated chip cannot be started: \(text)")
        }
        let story = line == nil ? "did not become ready within \(limit)" : "said \"\(line ?? "")\""
        throw DeviceError(.unreachable, "the daemon \(story) and \(end)\(words)")
    }

    /// The last lines of the log, introduced; empty if there are none.
    private func lastWords() -> String {
        let lines = LogTail.lines(of: logPath, count: 3)
        return lines.isEmpty ? "" : "; its last words:\n" + lines.joined(separator: "\n")
    }
}
