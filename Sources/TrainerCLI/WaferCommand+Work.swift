import Foundation
import InTheLoop
import SpikeData

/// What is to be done, from the arguments or from the folder of an earlier wafer.
extension WaferCommand {
    private static let usualSerials: [UInt64] = Array(1...10)

    /// The work that the arguments name.
    func begun() throws -> (WaferWork, WaferRecord) {
        let subject = subject ?? ""
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: subject, isDirectory: &isFolder)
        // A preset's name wins over a folder of that name, as in `volley train`.
        if exists, isFolder.boolValue, Presets.yaml(subject) == nil { return try deployment(of: subject) }
        let experiment = try ExperimentSource(name: subject)
            .experiment(settings: settings, seed: seed, epochs: epochs)
        var record = WaferRecord(
            task: .training, experiment: experiment.name, seed: experiment.seed,
            serials: serials?.numbers ?? Self.usualSerials)
        record.seed = ownSeeds ? nil : experiment.seed
        (record.chipProfile, record.chipSettings) = chosen(over: DeviceOptions.firstChip)
        record.dataFolder = data.map { URL(fileURLWithPath: $0).path }
        return (try work(experiment, weights: nil, record: record, folder: nil), record)
    }

    /// The work of evaluating a run's weights.
    private func deployment(of path: String) throws -> (WaferWork, WaferRecord) {
        guard seed == nil, !ownSeeds, epochs == nil, settings.isEmpty else {
            throw CommandError(
                .usage,
                "\(path) is a run, whose weights are evaluated as they are; leave out --seed, --own-seeds, --epochs and --set."
            )
        }
        let run = try RunFolder(opening: URL(fileURLWithPath: path))
        let trained = try RunRecord(of: run)
        let experiment = try Self.experiment(of: run)
        var record = WaferRecord(
            task: .deployment, experiment: experiment.name, seed: experiment.seed,
            serials: serials?.numbers ?? Self.usualSerials)
        record.weights = run.url.path
        record.trainedOn =
            trained.device.map { "\($0.kind.rawValue) \($0.profile) serial \($0.serial)" } ?? "software"
        let kind = trained.choice == .software ? DeviceOptions.firstChip : trained.choice
        (record.chipProfile, record.chipSettings) = chosen(over: kind)
        record.dataFolder = data.map { URL(fileURLWithPath: $0).path } ?? trained.dataFolder
        return (
            try work(experiment, weights: Self.weights(of: run), record: record, folder: nil), record
        )
    }

    /// The profile and the settings of the chips, with what the arguments say instead of a kind of chip.
    private func chosen(over kind: DeviceChoice) -> (profile: String?, settings: [String]?) {
        guard case .bundled(_, let profile, let settings) = kind.chip(profile: profile, settings: chipSet) else {
            return (nil, nil)
        }
        return (profile, settings)
    }

    /// The work of an earlier wafer that is not done.
    func resumed(_ path: String) throws -> (WaferWork, WaferRecord) {
        let folder = try WaferFolder(opening: URL(fileURLWithPath: path))
        let record = try folder.record()
        let run = try record.weights.map { path throws(RunError) in try RunFolder(opening: URL(fileURLWithPath: path)) }
        return (
            try work(
                run.map(Self.experiment) ?? folder.experiment(), weights: run.map(Self.weights), record: record,
                folder: folder), record
        )
    }

    private func work(
        _ experiment: Experiment, weights: WaferWork.Weights?, record: WaferRecord, folder: WaferFolder?
    ) throws -> WaferWork {
        let dataFolder = data ?? record.dataFolder
        let splits = try DataLibrary(folder: dataFolder, environment: ProcessInfo.processInfo.environment)
            .load(experiment.data.set)
        let path = output ?? "runs/\(experiment.name)-wafer-\(TrainCommand.date(Date()))"
        return WaferWork(
            experiment: experiment, weights: weights, splits: splits, dataFolder: dataFolder,
            kind: .bundled(serial: 1, profile: record.chipProfile, settings: record.chipSettings ?? []),
            hasOwnSeeds: record.seed == nil, threads: 1,
            folder: try folder
                ?? WaferFolder(
                    creating: URL(fileURLWithPath: path), experiment: weights == nil ? experiment.resolved : nil))
    }

    /// The experiment of a run. No training here: one sample is encoded instead of all.
    private static func experiment(of run: RunFolder) throws -> Experiment {
        try Experiment(
            yaml: run.text("experiment.yaml"), source: "\(run.url.path)/experiment.yaml",
            overrides: [("data.training_samples", "1")])
    }

    private static func weights(of run: RunFolder) throws -> WaferWork.Weights {
        guard let (checkpoint, damaged) = try run.latestCheckpoint() else {
            throw CommandError(.badInput, "\(run.url.path) holds no checkpoint yet.")
        }
        for error in damaged { Console.diagnostics.line("warning: \(error.detail)") }
        return WaferWork.Weights(run: run, checkpoint: checkpoint)
    }
}
