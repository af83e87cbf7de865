import ArgumentParser
import Foundation
import ProtocolConformance

/// The `volley-conformance` command.
@main struct ConformanceTool: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volley-conformance",
        abstract: "Hold a device, or a program that acts as one, against the Volley protocol VP/1.",
        discussion: """
            The suite wants the device for itself: no other host may hold the chip meanwhile.
            It writes configurations and weights of its own and leaves none of its sessions behind.

            EXAMPLES
              volley-conformance zmq+tcp://192.168.7.2:7755
                  the core profile: every requirement, without the cases that wait
              volley-conformance zmq+ipc:///tmp/chip.sock --profile full --report-html report.html
                  everything, and a page to attach to a release
              volley-conformance URI --filter FRM --filter EXE-004/kept-until-ack
                  requirements and cases by the beginning of their names
              volley-conformance URI --expected known.txt
                  failures that are known do not count; ones that no longer occur do
              volley-conformance URI --captures frames && volley-conformance decode frames/FRM-010_gap-1.capture
                  the frames of each case that did not pass, in words
              volley-conformance --list
                  all cases
              volley-conformance matrix
                  which case holds a device to which requirement of SPEC.md

            OUTCOMES
              PASS           as the specification says
              PASS-LENIENT   the right effect in the wrong form; not conformant
              FAIL           something else
              FAIL-PARTIAL   some of the values that a case tries were handled wrongly
              SKIP           the device does not claim what the case is about
              INCONCLUSIVE   the suite could not judge
              SUITE-ERROR    the suite itself failed; please report it

            EXIT STATUS
              0  conformant: all that could be judged passed
              1  failures, or nothing could be judged
              2  wrong arguments, or a file that cannot be used
              3  no device answers at the address
              4  the list of expected failures is stale
              5  the suite itself failed
            """,
        version: ControlPayload.version,
        subcommands: [RunCommand.self, HostCommand.self, DecodeCommand.self, MatrixCommand.self],
        defaultSubcommand: RunCommand.self)

    /// Runs the command that the arguments name; the exit code of wrong arguments is 2, as documented.
    static func main() {
        // A reader of our output that goes away is no reason to end without cleaning up at the device.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ToolError {
            Console.complain(error.text)
            Foundation.exit(error.status)
        } catch {
            let code = exitCode(for: error)
            let message = fullMessage(for: error)
            if code == .success, !message.isEmpty {
                print(message)
            } else if !message.isEmpty {
                Console.complain(message)
            }
            Foundation.exit(code == .validationFailure ? ToolError.usageStatus : code.rawValue)
        }
    }
}

/// A failure of the command itself.
struct ToolError: Error {
    /// Wrong arguments, or a file that cannot be used.
    static let usageStatus: Int32 = 2
    /// No device answers.
    static let unreachableStatus: Int32 = 3

    /// The exit code.
    var status: Int32
    /// What to say.
    var text: String

    /// A file or an argument that cannot be used.
    static func usage(_ text: String) -> ToolError {
        ToolError(status: usageStatus, text: "volley-conformance: \(text)")
    }
}

/// The command's standard error, and what it is connected to.
enum Console {
    /// Whether a person reads standard error on a terminal.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Writes a line to standard error.
    static func complain(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

    /// Overwrites the line that is being shown on the terminal.
    static func status(_ text: String) {
        FileHandle.standardError.write(Data("\r\u{1B}[K\(text.prefix(100))".utf8))
    }
}
