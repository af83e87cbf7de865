import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// Calibration files and the folder in which they are kept.
@Suite struct CalibrationFileTests {
    private let chip = CalibrationChip(circuits: 16)
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-calibrations-\(UUID().uuidString)")

    private func inFolder(_ body: () async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body()
    }

    private func error(_ body: () throws(RunError) -> Void) -> RunError? {
        do {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func aFileGivesBackTheCalibration() async throws {
        let result = try await chip.calibrated()
        let read = try CalibrationResult(decoding: result.encoded, source: "file")
        #expect(read == result)
        #expect(read.contentHash == result.contentHash)
        #expect(read.date == "2023-11-14T22:13:20Z")
        #expect(read.age(at: Date(timeIntervalSince1970: 1_700_000_090)) == 90)
        var later = result
        later.date = "2030-01-01T00:00:00Z"
        later.wallSeconds += 1
        #expect(later.contentHash == result.contentHash, "the hash is of what a calibration says")
        later.codes[3].leak += 1
        #expect(later.contentHash != result.contentHash)
    }

    @Test func whatCouldNotBeMeasuredSurvivesTheFile() async throws {
        var result = try await chip.calibrated()
        result.after.tauMem[2] = .nan
        let read = try CalibrationResult(decoding: result.encoded, source: "file")
        #expect(read.after.tauMem[2].isNaN)
        #expect(read.contentHash == result.contentHash)
        #expect(!read.succeeded[2])
    }

    @Test func damageIsFoundWhereverItIs() async throws {
        let result = try await chip.calibrated()
        let text = String(decoding: result.encoded, as: UTF8.self)
        let broken = [
            ("", "not a calibration"), (String(text.prefix(text.count / 2)), "not a calibration"),
            (text.replacing("\"serial\":1", with: "\"serial\":2"), "hash"),
            (text.replacing("\"batches\":", with: "\"batches\":1"), "hash"),
            (text.replacing("\"schema\":1", with: "\"schema\":9"), "layout 9"),
        ]
        for (content, word) in broken {
            let found = error { () throws(RunError) in
                _ = try CalibrationResult(decoding: Data(content.utf8), source: "some.json")
            }
            #expect(found?.code == .corrupt, "\(word)")
            #expect(found?.detail.contains("some.json") == true && found?.detail.contains(word) == true)
        }
    }

    @Test func theCacheKeepsCalibrationsByDeviceAndTargets() async throws {
        try await inFolder {
            let cache = CalibrationCache(folder: folder)
            let result = try await chip.calibrated()
            let device = CalibrationIdentity(await chip.device.describe())
            #expect(try cache.load(device, targets: result.targets) == nil)
            let file = try cache.save(result)
            #expect(file == cache.file(of: device, targets: result.targets))
            #expect(try cache.load(device, targets: result.targets) == result)
            var targets = result.targets
            targets.tauMem += 1
            #expect(try cache.load(device, targets: targets) == nil)
            for change in 0..<4 {
                var other = device
                switch change {
                case 0: other.serial += 1
                case 1: other.firmware += "x"
                case 2: other.fingerprint += "0"
                default: other.profile = "../\(device.profile)"
                }
                #expect(try cache.load(other, targets: result.targets) == nil)
                #expect(
                    cache.file(of: other, targets: targets).deletingLastPathComponent().path == folder.path)
            }
            // A file that was put in the wrong place is not taken for another chip's.
            var other = device
            other.serial = 9
            try FileManager.default.copyItem(at: file, to: cache.file(of: other, targets: result.targets))
            let found = error { () throws(RunError) in
                _ = try cache.load(other, targets: result.targets)
            }
            #expect(found?.code == .corrupt)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 2)
        }
    }

    @Test func theUsualFolderFollowsTheEnvironment() {
        func path(_ environment: [String: String]) -> String? {
            CalibrationCache(environment: environment)?.folder.path
        }
        #expect(path(["VOLLEY_CACHE": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"]) == "/a/calibrations")
        #expect(path(["VOLLEY_CACHE": "", "XDG_CACHE_HOME": "/b"]) == "/b/volley/calibrations")
        #expect(path(["HOME": "/c"]) == "/c/.cache/volley/calibrations")
        #expect(path([:]) == nil)
    }

    @Test func aFolderThatCannotBeMadeIsSaidWithTheVariable() async throws {
        let result = try await chip.calibrated()
        let found = error { () throws(RunError) in
            _ = try CalibrationCache(folder: URL(fileURLWithPath: "/proc/none")).save(result)
        }
        #expect(found?.code == .io)
        #expect(found?.remedy?.contains("VOLLEY_CACHE") == true)
    }
}
