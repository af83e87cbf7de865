import Foundation
import InTheLoop
import SpikeData
import Substrate

/// What is to be done on each chip of a wafer, and how it is done on one.
struct WaferWork: Sendable {
    /// The weights that are deployed.
    struct Weights: Sendable {
        /// The run that they come from.
        var run: RunFolder
        /// Themselves.
        var checkpoint: Checkpoint
    }

    /// The experiment.
    var experiment: Experiment
    /// The weights to evaluate; nil if the experiment is trained.
    var weights: Weights?
    /// The data set.
    var splits: DataSplits
    /// The folder of the data set, where the user gave one.
    var dataFolder: String?
    /// The kind of chip; its serial does not matter.
    var kind: DeviceChoice
    /// Whether each chip's seed is its serial.
    var hasOwnSeeds: Bool
    /// Threads of this machine's kernels for a chip, and of its daemon; they take turns.
    var threads: Int
    /// Where runs go.
    var folder: WaferFolder

    /// Does the work on a chip of its own daemon.
    ///
    /// - Returns: the chip; nil if the user asked to stop before it was done.
    /// - Throws: what a run throws.
    func run(serial: UInt64, observer: WaferChipObserver) async throws -> WaferRecord.Chip? {
        let start = ContinuousClock.now
        let experiment = try experiment(serial: serial)
        let choice = kind.chip(serial: serial)
        let opened = try await OpenedDevice.open(
            choice, label: "volley wafer \(experiment.name), serial \(serial)", threads: threads)
        do {
            let earlier = weights == nil ? try existingRun(serial: serial) : nil
            let calibrations = try await opened.calibrations(for: experiment, keptIn: weights?.run ?? earlier)
            var trainer = try await Trainer(
                experiment, data: splits, device: opened.device, calibrations: calibrations, threads: threads)
            var chip = WaferRecord.Chip(serial: serial)
            chip.profile = trainer.description?.profile
            chip.calibration = trainer.description?.calibration
            if let weights {
                try await evaluate(weights, &trainer, &chip, observer)
            } else {
                guard try await train(experiment, &trainer, in: earlier, &chip, choice, observer) else {
                    await opened.close()
                    return nil
                }
            }
            await opened.close()
            chip.seconds = start.duration(to: .now) / .seconds(1)
            return chip
        } catch {
            await opened.close()
            throw error
        }
    }

    /// The experiment with a chip's own seed, where it has one.
    private func experiment(serial: UInt64) throws -> Experiment {
        guard hasOwnSeeds else { return experiment }
        return try Experiment(
            yaml: experiment.resolved, source: "serial \(serial)", overrides: [("seed", "\(serial)")])
    }

    private func evaluate(
        _ weights: Weights, _ trainer: inout Trainer, _ chip: inout WaferRecord.Chip, _ observer: WaferChipObserver
    ) async throws {
        try trainer.restore(weights.checkpoint, source: weights.run.url.path)
        let report = try await trainer.evaluate(observer: observer)
        chip.testAccuracy = report.accuracy
        chip.loss = report.loss
        // Spikes are not read out in an evaluation, and a device may then leave them uncounted.
        chip.spikesPerPattern = report.hiddenSpikes > 0 ? report.spikesPerPattern : nil
    }

    /// Trains in the chip's own run folder, which `volley evaluate` and `volley train --resume` know too.
    private func train(
        _ experiment: Experiment, _ trainer: inout Trainer, in earlier: RunFolder?, _ chip: inout WaferRecord.Chip,
        _ choice: DeviceChoice,
        _ observer: WaferChipObserver
    ) async throws -> Bool {
        let run = try earlier ?? newRun(experiment, trainer, choice, serial: chip.serial)
        if let earlier {
            try RunRecord(of: earlier).check(trainer.description)
            if let (checkpoint, damaged) = try earlier.latestCheckpoint() {
                for error in damaged { observer.warned(error.detail) }
                try trainer.restore(checkpoint, source: earlier.url.path)
            }
        }
        if let calibrations = trainer.calibrations { try run.save(calibrations) }
        guard try await trainer.train(folder: run, observer: observer) else { return false }
        let summary = trainer.summary
        try run.write(summary, to: "summary.json")
        chip.testAccuracy = summary.testAccuracy
        chip.loss = summary.trainingLoss
        chip.trainingAccuracy = summary.trainingAccuracy
        chip.spikesPerPattern = summary.spikesPerPattern
        chip.run = WaferFolder.runName(serial: chip.serial)
        return true
    }

    /// The run of a chip that an earlier session began; what has no `run.json`, which is written last, is removed.
    private func existingRun(serial: UInt64) throws -> RunFolder? {
        let url = folder.run(serial: serial)
        guard FileManager.default.fileExists(atPath: url.appendingPathComponent("run.json").path) else {
            try? FileManager.default.removeItem(at: url)
            return nil
        }
        return try RunFolder(opening: url)
    }

    private func newRun(
        _ experiment: Experiment, _ trainer: Trainer, _ choice: DeviceChoice, serial: UInt64
    ) throws -> RunFolder {
        let run = try RunFolder(creating: folder.run(serial: serial))
        try run.write(experiment.resolved, to: "experiment.yaml")
        try run.write(
            RunRecord(choice: choice, device: trainer.description, dataFolder: dataFolder), to: "run.json")
        return run
    }
}
