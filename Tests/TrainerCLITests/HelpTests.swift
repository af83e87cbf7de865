import Foundation
import Testing

/// The help texts, word for word: they are part of what users rely on.
///
/// After a wanted change: `volley COMMAND --help > Tests/TrainerCLITests/Help/COMMAND.txt`.
@Suite(.enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct HelpTests {
    @Test(arguments: [
        "volley", "train", "evaluate", "experiment", "data", "devices", "chip", "calibrate", "gradient",
        "wafer", "plot", "fit", "key",
    ])
    func helpIsAsWritten(command: String) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let written = try String(
            contentsOf: folder.appendingPathComponent("Help/\(command).txt"), encoding: .utf8)
        let arguments = command == "volley" ? ["--help"] : [command, "--help"]
        let result = try VolleyProcess(arguments).finish()
        #expect(result.status == 0)
        #expect(result.output == written)
    }

    @Test(arguments: [
        [], ["train"], ["evaluate"], ["experiment", "show"], ["data", "fetch"], ["devices"], ["chip"],
        ["calibrate"], ["gradient"], ["wafer"], ["plot"], ["fit"], ["key"],
    ])
    func helpOfEveryCommandHasExamples(command: [String]) throws {
        let result = try VolleyProcess(command + ["--help"]).finish()
        #expect(result.output.contains("EXAMPLES\n  volley "))
    }
}
