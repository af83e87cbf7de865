package import DeviceTransport
package import Glibc
import Synchronization

/// A process that this one has started, and the pipes to it: the only file that spawns.
package final class ChildProcess: Sendable {
    /// How a process ended.
    package enum End: Sendable, Hashable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        package var description: String {
            switch self {
            case .exited(let status): "ended with status \(status)"
            case .killed(let signal): "was killed by signal \(signal)"
            }
        }
    }

    /// A process that runs, and our ends of its standard input and output.
    package struct Started {
        package var child: ChildProcess
        package var input: Int32
        package var output: Int32
    }

    /// Number of the process.
    package let identifier: pid_t
    /// How it ended, once that is known: a number is the system's to give away again.
    private let knownEnd = Mutex<End?>(nil)

    private init(identifier: pid_t) { self.identifier = identifier }

    /// The folder of the running program.
    package static var programFolder: String {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let bytes = buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }
        let path = String(decoding: bytes, as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    }

    /// Starts a program in a process group of its own, so that a terminal's Ctrl-C does not reach it.
    ///
    /// - Parameter log: The file that its standard error is added to; nil for our own standard error.
    /// - Throws: `cannotConnect`, with the system's reason.
    package static func start(
        _ program: String, arguments: [String], log: String? = nil
    ) throws(TransportError) -> Started {
        let input = try DescriptorPair.pipe()
        let output: (read: Int32, write: Int32)
        do {
            output = try DescriptorPair.pipe()
        } catch {
            close(input.read)
            close(input.write)
            throw error
        }
        defer {
            close(input.read)
            close(output.write)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.read, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO)
        if let log {
            posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGMASK))
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var identifier: pid_t = 0
        let result = posix_spawn(&identifier, program, &actions, &attributes, &words, environ)
        guard result == 0 else {
            close(input.write)
            close(output.read)
            throw TransportError(.cannotConnect, "cannot start \(program)", errno: result)
        }
        return Started(
            child: ChildProcess(identifier: identifier), input: input.write, output: output.read)
    }

    /// How the process ended; `nil` while it runs.
    package func endIfAny() -> End? {
        knownEnd.withLock { known in
            if let known { return known }
            var status: Int32 = 0
            guard waitpid(identifier, &status, WNOHANG) == identifier else { return nil }
            known = status & 0x7f == 0 ? .exited(status >> 8 & 0xff) : .killed(signal: status & 0x7f)
            return known
        }
    }

    /// How the process ended; `nil` if it still runs when the limit has passed.
    package func end(within limit: Duration) -> End? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end = endIfAny() { return end }
            guard ContinuousClock.now < deadline else { return nil }
            usleep(2_000)
        }
    }

    /// Asks the process, and what it has started, to end; kills them when the limit has passed.
    @discardableResult package func stop(within limit: Duration) -> End {
        if let end = endIfAny() { return end }
        kill(-identifier, SIGTERM)
        if let end = end(within: limit) { return end }
        kill(-identifier, SIGKILL)
        while true {
            if let end = end(within: .seconds(1)) { return end }
        }
    }

    /// Waits for a process that has been told to end in its own way; stops it when the limit has passed.
    package func finish(within limit: Duration) {
        if end(within: limit) == nil { stop(within: .milliseconds(300)) }
    }

    /// Reads up to the end of the first line; `nil` when it did not come within the limit or the pipe was closed.
    package static func readLine(from descriptor: Int32, within limit: Duration) -> String? {
        let deadline = ContinuousClock.now + limit
        var line: [UInt8] = []
        while true {
            let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
            guard left > 0 else { return nil }
            var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&item, 1, Int32(left.rounded(.up))) > 0 else { continue }
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }
}
