import ArgumentParser
import Foundation
import ProtocolConformance

/// `volley-conformance decode FILE`: frames in words.
struct DecodeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "decode", abstract: "Show the frames of a capture, or of hexadecimal digits, in words.",
        discussion: """
            A line of a capture is `MICROSECONDS LINK sent|received DIGITS`. Lines of digits alone, and lines that end
            with digits, as in protocol/vectors/v1/exchange.txt, are taken too. "-" reads standard input.
            """)

    @Argument(help: ArgumentHelp("A capture; - for standard input.", valueName: "file"))
    var file: String

    @Flag(help: "One line for each frame, without payloads.")
    var brief = false

    func run() throws {
        let text: String
        do {
            text =
                file == "-"
                ? String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
                : try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ToolError.usage("cannot read \(file): \(error.localizedDescription)")
        }
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = line.split(separator: " ")
            if line.isEmpty { continue }
            if line.hasPrefix("#") || Self.isRemark(words) {
                print(line)
                continue
            }
            guard let digits = words.last, let bytes = Hex.bytes(digits) else {
                throw ToolError.usage("\(file), line \(index + 1) does not end with hexadecimal digits")
            }
            let lines = brief ? [FrameText.line(bytes)] : FrameText.lines(bytes)
            print((words.dropLast().map(String.init) + [lines[0]]).joined(separator: " "))
            for line in lines.dropFirst() { print(line) }
        }
    }

    /// Whether a line of a capture holds no frame.
    private static func isRemark(_ words: [Substring]) -> Bool {
        words.count >= 3 && Int64(words[0]) != nil && ["opened", "closed", "lost", "note"].contains(words[2])
    }
}
