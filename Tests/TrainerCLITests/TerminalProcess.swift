import Foundation
import Glibc
import Testing

/// The `volley` command with a terminal for both of its outputs.
struct TerminalProcess {
    /// How it ended.
    let status: Int32
    /// All that it wrote, with what moves the cursor.
    let written: String

    /// Runs the command to its end on a terminal with so many columns.
    init(
        _ arguments: [String], columns: UInt16 = 100, environment: [String: String] = [:], in folder: URL? = nil
    ) throws {
        // `posix_openpt` and its like, which Glibc does not show to Swift.
        let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(terminal >= 0)
        let screen = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
        let (unlock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))
        var isLocked: Int32 = 0
        var number: Int32 = 0
        try #require(ioctl(terminal, unlock, &isLocked) == 0 && ioctl(terminal, getNumber, &number) == 0)
        let path = "/dev/pts/\(number)"
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(terminal, UInt(TIOCSWINSZ), &size) == 0)
        // Never the controlling terminal of the tests.
        let shown = FileHandle(fileDescriptor: open(path, O_RDWR | O_NOCTTY | O_CLOEXEC), closeOnDealloc: true)
        try #require(shown.fileDescriptor >= 0)
        let process = Process()
        process.executableURL = VolleyProcess.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TERM": "xterm", "COLUMNS": ""]) { $1 }.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = shown
        process.standardError = shown
        try process.run()
        try shown.close()
        // Once nobody has the terminal open any more, reading fails.
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(screen.fileDescriptor, &part, part.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += part[..<count]
        }
        process.waitUntilExit()
        status = process.terminationStatus
        written = String(decoding: bytes, as: UTF8.self)
    }

    /// The lines as they stand at the end: what was drawn over is gone, and so are colours.
    var lines: [String] {
        drawings.map { $0.last ?? "" }
    }

    /// Of each line all that stood there, one after the other.
    var drawings: [[String]] {
        let plain = written.replacing(/\u{1B}\[[0-9;]*m/, with: "").replacing("\r\n", with: "\n")
        return plain.split(separator: "\n", omittingEmptySubsequences: false)
            .map { line in line.split(separator: "\r\u{1B}[K", omittingEmptySubsequences: false).map(String.init) }
    }
}
