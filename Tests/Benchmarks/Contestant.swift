import Foundation
import Glibc

/// A benchmark in a process of its own, which stands still whenever it is not its turn.
final class Contestant {
    /// The benchmark, and the program if it is another one.
    let name: String
    private let process = Process()
    private let output = Pipe()
    private var unread = Data()

    /// What a process has not become in time.
    private static let patience = Duration.seconds(60)

    /// Starts it; it stops by itself when it has warmed up.
    init(_ benchmark: String, of program: String, turns: Int, _ machine: MachineOptions) throws {
        name = program == ChildProgram.ownPath ? benchmark : "\(benchmark) of \(program)"
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [
            "run", benchmark, "--here", "--take-turns", "--threads", "\(machine.threads)", "--level",
            machine.level.rawValue, "--runs", "\(turns)",
        ]
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
        } catch {
            throw ChildProgram.Failure(description: "cannot start \(program): \(error.localizedDescription)")
        }
        try awaitStop()
    }

    /// Lets it run once.
    func turn() throws -> TimedRun {
        try awaitStop()
        kill(process.processIdentifier, SIGCONT)
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                let line = unread[..<end]
                unread = unread[(end + 1)...]
                return try JSONLine.value(line)
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                throw ChildProgram.Failure(
                    description: "\(name) ended before its time, or is no benchmark that takes turns")
            }
            unread += more
        }
    }

    /// Ends it, wherever it is.
    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Waits until it stands still.
    private func awaitStop() throws {
        let end = ContinuousClock.now + Self.patience
        while ContinuousClock.now < end {
            // After the name, which is in parentheses and may hold anything: the state.
            let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)) ?? ""
            switch status[(status.lastIndex(of: ")") ?? status.startIndex)...].dropFirst(2).first {
            case "T": return
            case nil, "Z":
                throw ChildProgram.Failure(
                    description: "\(name) ended before its first turn: it does not take turns, or lacks what it needs")
            default: usleep(1_000)
            }
        }
        throw ChildProgram.Failure(description: "\(name) was not ready for its turn within \(Self.patience)")
    }
}
