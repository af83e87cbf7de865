import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// What a run does with a calibration that was kept from another one.
@Suite struct CalibrationDeskTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-desk-\(UUID().uuidString)")

    private func desk(_ policy: String) throws -> CalibrationDesk {
        let experiment = try Experiment(
            yaml: try #require(Presets.yaml("yinyang")), source: "yinyang",
            overrides: [("network.hidden.0.size", "30"), ("chip.when_stale", policy)])
        return CalibrationDesk(
            experiment, cache: CalibrationCache(folder: folder), now: Date(timeIntervalSince1970: 100_000))
    }

    /// Asks for the calibrations of a device; what was told beside progress comes along.
    private func ask(
        _ policy: String, _ chip: EmulatedDevice
    ) async throws -> (set: CalibrationSet, ages: [Double?], warnings: [String]) {
        var ages: [Double?] = []
        var warnings: [String] = []
        let set = try await desk(policy).calibrations(of: chip) { notice in
            switch notice {
            case .progress: break
            case .ready(_, let age): ages.append(age)
            case .warning(let text): warnings.append(text)
            }
        }
        return (try #require(set), ages, warnings)
    }

    private func hashes(_ set: CalibrationSet) -> [String] { set.results.map(\.contentHash) }

    @Test func aKeptCalibrationThatStillFitsIsTaken() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let chip = CalibrationChip(serial: 3).device
        let first = try await ask("stop", chip)
        #expect(first.ages == [nil] && first.warnings.isEmpty)
        let second = try await ask("stop", chip)
        #expect(hashes(second.set) == hashes(first.set))
        #expect(second.ages == [0] && second.warnings.isEmpty)
    }

    @Test func onAMovedChipWarningGoesOnWithTheKeptOne() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let chip = CalibrationChip.drifting.device
        let first = try await ask("warn", chip)
        let second = try await ask("warn", chip)
        #expect(hashes(second.set) == hashes(first.set))
        #expect(second.warnings.count == 1)
        #expect(second.warnings.first?.contains("moved away from its calibration (leak") == true)
        #expect(second.warnings.first?.contains("chip.when_stale") == true)
    }

    @Test func onAMovedChipStoppingSaysWhatToDo() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let chip = CalibrationChip.drifting.device
        _ = try await ask("stop", chip)
        let error = await #expect(throws: RunError.self) { try await ask("stop", chip) }
        #expect(error?.code == .stale)
        #expect(error?.detail.contains("leak") == true)
        #expect(error?.remedy?.contains("volley calibrate --force") == true)
    }

    @Test func onAMovedChipANewCalibrationTakesTheKeptOnesPlace() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let chip = CalibrationChip.drifting.device
        let first = try await ask("recalibrate", chip)
        let second = try await ask("recalibrate", chip)
        #expect(hashes(second.set) != hashes(first.set))
        #expect(second.ages == [0, nil])
        #expect(second.warnings.count == 1 && second.warnings[0].contains("calibrating again"))
        // What is kept now is the new one, whether it still fits or not.
        let third = try await ask("warn", chip)
        #expect(hashes(third.set) == hashes(second.set))
    }
}
