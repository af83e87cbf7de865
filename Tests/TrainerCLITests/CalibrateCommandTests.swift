import Foundation
import Testing

/// `volley calibrate`, on chips that it starts.
@Suite(.serialized, .enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct CalibrateCommandTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-cli-\(UUID().uuidString)")

    private func run(_ arguments: String...) throws -> VolleyProcess.Result {
        try VolleyProcess(
            ["calibrate"] + arguments, environment: ["VOLLEY_CACHE": folder.path]
        ).finish()
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test func aChipIsCalibratedOnceThenItsCalibrationIsKeptAndChecked() throws {
        try inFolder {
            let missing = try run("--check", "--serial", "4")
            #expect(missing.status == 65)
            #expect(missing.errors.contains("`volley calibrate`, without --check"))

            let copy = folder.appendingPathComponent("copy.json").path
            let made = try run("yinyang", "--serial", "4", "--json", "--output", copy)
            #expect(made.status == 0, "\(made.errors)")
            let report = try object(made.output)
            #expect(report["is_fresh"] as? Bool == true)
            let files = try #require(report["files"] as? [String])
            #expect(files.count == 2 && files[1] == copy)
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: files[0])) == Data(contentsOf: URL(fileURLWithPath: copy)))
            let summary = try #require(report["summary"] as? [String: Any])
            #expect((summary["rows"] as? [Any])?.count == 8)

            // mnist16, the default experiment, has the same targets; so this is the kept one.
            let kept = try object(try run("--serial", "4", "--json").output)
            #expect(kept["is_fresh"] as? Bool == false)
            #expect(kept["content_hash"] as? String == report["content_hash"] as? String)
            let table = try run("--serial", "4")
            #expect(table.output.contains("Kept calibration of emulated chip (profile bss2, serial 4)"))
            #expect(table.output.contains("tau_syn exc., µs") && table.output.contains(" ago"))

            let check = try run("--check", "--serial", "4")
            #expect(check.status == 0, "\(check.errors)")
            #expect(check.output.contains("still fits"))
        }
    }

    @Test func aStaleCalibrationIsSaidAndGives75() throws {
        try inFolder {
            // With every leak nine codes lower, the chip is not what the file says any more.
            let made = try object(try run("yinyang", "--json").output)
            let path = try #require((made["files"] as? [String])?.first)
            try CalibrationForgery.lowerTheLeaks(in: path, by: 9)
            let check = try run("--check", "--json")
            #expect(check.status == 75, "\(check.errors)")
            let report = try object(check.output)
            #expect(report["is_stale"] as? Bool == true)
            let text = try run("yinyang", "--check")
            #expect(text.status == 75)
            #expect(text.output.contains("STALE") && text.output.contains("(leak)"))
            #expect(text.output.contains("--force"))
            let again = try object(try run("yinyang", "--force", "--json").output)
            #expect(again["content_hash"] as? String == made["content_hash"] as? String)
            #expect(try run("--check").status == 0)
        }
    }

    @Test func aDamagedFileIsSaidAndReplaced() throws {
        try inFolder {
            let made = try object(try run("yinyang", "--json").output)
            let path = try #require((made["files"] as? [String])?.first)
            try Data("half a file".utf8).write(to: URL(fileURLWithPath: path))
            let again = try run("yinyang", "--json")
            #expect(again.status == 0)
            #expect(again.errors.contains("warning: \(path): not a calibration file"))
            #expect(try object(again.output)["is_fresh"] as? Bool == true)
        }
    }

    @Test func whatNeedsNoCalibrationIsRefusedWithTheReason() throws {
        try inFolder {
            #expect(try run("--software").status == 64)
            #expect(try run("--check", "--force").status == 64)
            let ideal = try run("--profile", "ideal")
            #expect(ideal.status == 65)
            #expect(ideal.errors.contains("no parameter codes"))
            let calibrated = try run("--profile", "bss2-calibrated")
            #expect(calibrated.status == 65)
            #expect(calibrated.errors.contains("calibrated already"))
            let near = try run("--set", "chip.reset_lsb=140")
            #expect(near.status == 65)
            #expect(near.errors.contains("20 LSB or more above leak and reset"))
        }
    }
}
