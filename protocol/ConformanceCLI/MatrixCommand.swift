import ArgumentParser
import ProtocolConformance

/// `volley-conformance matrix`: which case holds a device to which requirement.
struct MatrixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "matrix",
        abstract: "Print the requirements of SPEC.md and the cases that are about them, as Markdown.")

    func run() throws { print(TraceMatrix().markdown, terminator: "") }
}
