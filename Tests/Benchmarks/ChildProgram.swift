import Foundation

/// A program that is run to its end.
struct ChildProgram {
    private let process = Process()
    private let output = Pipe()
    private let words: [String]

    /// A program that is not there, or that failed.
    struct Failure: Error, CustomStringConvertible {
        /// What happened.
        var description: String
    }

    /// This program's own path.
    static var ownPath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    /// A program and its arguments.
    ///
    /// - Parameter keepsErrors: whether what it writes to standard error is shown.
    init(_ program: String, _ arguments: [String], keepsErrors: Bool = true) {
        words = [program] + arguments
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        if !keepsErrors { process.standardError = FileHandle.nullDevice }
    }

    /// Runs it.
    ///
    /// - Returns: its standard output.
    /// - Throws: `Failure` with its command line, where it does not start or does not succeed.
    func run() throws -> String {
        do {
            try process.run()
        } catch {
            throw Failure(description: "cannot start \(words[0]): \(error.localizedDescription)")
        }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(
                description: "\(words.joined(separator: " ")) ended with status \(process.terminationStatus)"
                    + (process.terminationStatus == 127 ? ": is it installed?" : ""))
        }
        return String(decoding: data, as: UTF8.self)
    }
}
