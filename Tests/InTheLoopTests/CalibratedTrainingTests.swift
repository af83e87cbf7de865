import ChipEmulator
import Foundation
import InTheLoop
import SpikeData
import SpikingNetworks
import Substrate
import Testing

/// Runs on a chip that its host has to calibrate, and that may move away from its calibration.
@Suite(.serialized) struct CalibratedTrainingTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-calibrated-\(UUID().uuidString)")

    /// Ten minibatches an epoch, with a probe after every fourth.
    private func experiment(_ overrides: [(String, String)] = []) throws -> Experiment {
        try Experiment(
            yaml: try #require(Presets.yaml("yinyang")), source: "yinyang",
            overrides: [
                ("network.hidden.0.size", "30"), ("data.training_samples", "1000"),
                ("training.epochs", "1"), ("chip.probe_every", "4"),
            ] + overrides)
    }

    private func calibrations(_ experiment: Experiment, _ chip: EmulatedDevice) async throws -> CalibrationSet {
        let desk = CalibrationDesk(experiment, cache: nil, now: Date(timeIntervalSince1970: 0))
        return try #require(try await desk.calibrations(of: chip, notice: { _ in }))
    }

    /// Runs to the end, over interruptions after some steps; the run folder tells each part its calibrations.
    private func train(
        _ experiment: Experiment, _ chip: EmulatedDevice, _ first: CalibrationSet, stopAfter: [Int] = []
    ) async throws -> (trainer: Trainer, warnings: [String]) {
        try? FileManager.default.removeItem(at: folder)
        let run = try RunFolder(creating: folder)
        try run.save(first)
        for steps in stopAfter + [.max] {
            let checkpoint = try run.latestCheckpoint()?.checkpoint
            let set = try checkpoint.flatMap { try run.calibrations(of: $0.progress) } ?? first
            var trainer = try await Trainer(
                experiment, data: YinYang.splits(), device: chip, calibrations: set)
            if let checkpoint { try trainer.restore(checkpoint, source: "test") }
            let watcher = Watcher(stopAfter: steps)
            let isDone = try await trainer.train(folder: run, observer: watcher)
            if isDone { return (trainer, watcher.warnings.withLock { $0 }) }
        }
        throw CancellationError()
    }

    @Test func aSteadyChipKeepsItsCalibration() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let experiment = try experiment()
        let chip = CalibrationChip(serial: 3).device
        let first = try await calibrations(experiment, chip)
        let (trainer, warnings) = try await train(experiment, chip, first)
        #expect(trainer.summary.probes == 2)
        #expect(trainer.summary.recalibrations == 0)
        #expect(trainer.summary.calibrations == first.results.map(\.contentHash))
        #expect(warnings.isEmpty, "\(warnings)")
    }

    @Test func aDriftingChipIsCalibratedAgainAndAnInterruptedRunEndsAsAnUnbrokenOne() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let experiment = try experiment()
        let chip = CalibrationChip.drifting.device
        let first = try await calibrations(experiment, chip)
        let (unbroken, warnings) = try await train(experiment, chip, first)
        #expect(unbroken.summary.recalibrations >= 1)
        #expect(unbroken.summary.calibrations != first.results.map(\.contentHash))
        #expect(warnings.first?.contains("calibrated it again") == true, "\(warnings)")
        let (broken, _) = try await train(experiment, chip, first, stopAfter: [5])
        #expect(broken.network.layers.map(\.weights) == unbroken.network.layers.map(\.weights))
        #expect(broken.progress.history == unbroken.progress.history)
        #expect(broken.summary.calibrations == unbroken.summary.calibrations)
    }

    @Test func aPolicyOfWarningWarnsOnceAndGoesOn() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let experiment = try experiment([("chip.when_stale", "warn")])
        let chip = CalibrationChip.drifting.device
        let first = try await calibrations(experiment, chip)
        let (trainer, warnings) = try await train(experiment, chip, first)
        #expect(trainer.summary.recalibrations == 0)
        #expect(trainer.summary.calibrations == first.results.map(\.contentHash))
        #expect(warnings.count == 1 && warnings[0].contains("leak"), "\(warnings)")
    }

    @Test func aPolicyOfStoppingStopsWithACheckpoint() async throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let experiment = try experiment([("chip.when_stale", "stop")])
        let chip = CalibrationChip.drifting.device
        let first = try await calibrations(experiment, chip)
        let error = await #expect(throws: RunError.self) {
            try await train(experiment, chip, first)
        }
        #expect(error?.code == .stale)
        #expect(error?.detail.contains("leak") == true)
        let saved = try FileManager.default
            .contentsOfDirectory(atPath: folder.path + "/checkpoints").sorted()
        #expect(saved == ["step-00000004.json", "step-00000004.safetensors"])
    }
}
