import Foundation

/// The `volley` command as a process.
struct VolleyProcess {
    /// What a finished process left.
    struct Result {
        var status: Int32
        var output: String
        var errors: String
    }

    /// The command beside this test bundle.
    static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("volley")

    /// Whether it is built.
    static var exists: Bool { FileManager.default.isExecutableFile(atPath: program.path) }

    /// What a test says that cannot find it.
    static let absent = "needs the volley command: swift build -c release --product volley"

    /// Where calibrations of tests are kept: never among the user's, and from one test run to the next.
    private static let cache = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-test-cache")

    private let process = Process()
    private let output: URL
    private let errors: URL

    /// Starts the command.
    init(_ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil) throws {
        let base = FileManager.default.temporaryDirectory
            .appendingPathComponent("volley-cli-\(UUID().uuidString)")
        output = base.appendingPathExtension("out")
        errors = base.appendingPathExtension("err")
        for file in [output, errors] {
            try Data().write(to: file)
        }
        process.executableURL = Self.program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment
            .merging(["VOLLEY_CACHE": Self.cache.path]) { $1 }.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
    }

    /// The process number.
    var identifier: Int32 { process.processIdentifier }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// What it has written to standard error so far.
    var errorsSoFar: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Whether it still runs.
    var isRunning: Bool { process.isRunning }

    /// Waits for its end.
    func finish() -> Result {
        process.waitUntilExit()
        defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
        return Result(
            status: process.terminationStatus,
            output: (try? String(contentsOf: output, encoding: .utf8)) ?? "", errors: errorsSoFar)
    }

    /// Runs the command to its end.
    static func run(
        _ arguments: String..., environment: [String: String] = [:], in folder: URL? = nil
    ) throws -> Result {
        try VolleyProcess(arguments, environment: environment, in: folder).finish()
    }
}
