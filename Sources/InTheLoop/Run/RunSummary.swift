public import Substrate

/// What a run came to: `summary.json`, and what is printed at its end.
public struct RunSummary: Sendable, Codable {
    /// The split of the wall time of training steps, in seconds.
    public struct Split: Sendable, Codable {
        /// Work of the host while the device did not work.
        public var host: Double
        /// Time in which neither worked.
        public var link: Double
        /// The device's own work; on an emulator, emulating.
        public var device: Double
        /// What the host worked while the device did: time that is in `device` and in `hostParts`.
        public var overlap: Double
        /// All of the host's work by part.
        public var hostParts: [String: Double]
    }

    /// The experiment's name.
    public var experiment: String
    /// Share of test patterns classified correctly after the last epoch.
    public var testAccuracy: Double
    /// Mean loss of the last epoch.
    public var trainingLoss: Double
    /// Accuracy on training patterns during the last epoch.
    public var trainingAccuracy: Double
    /// Epochs done.
    public var epochs: Int
    /// The experiment's seed.
    public var seed: UInt64
    /// Training patterns in all.
    public var trainingPatterns: Int
    /// Training patterns per wall second, whole loop.
    public var patternsPerSecond: Double
    /// Wall seconds of training steps.
    public var trainingSeconds: Double
    /// Wall seconds of evaluations.
    public var evaluationSeconds: Double
    /// The split of the wall time of training steps.
    public var splitSeconds: Split
    /// Chip time of training and evaluation, in seconds of chip time; zero in software.
    public var chipSeconds: Double
    /// Chip time and energy while training, by part; nil in software.
    public var chipTraining: ChipCosts?
    /// Chip time and energy in evaluations, by part; nil in software.
    public var chipEvaluation: ChipCosts?
    /// Energy of the chip, in joules; zero in software.
    public var energyJoules: Double
    /// Hidden spikes per training pattern in the last epoch.
    public var spikesPerPattern: Double
    /// Where all events went; nil in software.
    public var eventAccounting: EventAccounting?
    /// Weights beyond the code range at the last step.
    public var saturatedWeights: Int
    /// Entries whose CADC codes hit the end of the range.
    public var saturatedEntries: Int
    /// Content hashes of the calibrations at the end of the run; empty where none was needed.
    public var calibrations: [String]
    /// Probes of the calibration while training.
    public var probes: Int
    /// Calibrations while training.
    public var recalibrations: Int
    /// Wall seconds of probes and calibrations while training.
    public var calibrationSeconds: Double
    /// "software", "emulator" or "board".
    public var deviceKind: String
    /// The chip's serial; nil in software.
    public var deviceSerial: UInt64?
    /// The chip's profile; nil in software.
    public var deviceProfile: String?
    /// Version of this software.
    public var version: String

    /// Sums a run up.
    public init(experiment: Experiment, progress: RunProgress, device: DeviceDescription?) {
        let totals = progress.totals
        let last = progress.history.last
        self.experiment = experiment.name
        testAccuracy = last?.testAccuracy ?? 0
        trainingLoss = last?.loss ?? 0
        trainingAccuracy = last?.trainingAccuracy ?? 0
        epochs = progress.history.count
        seed = experiment.seed
        trainingPatterns = totals.trainingPatterns
        patternsPerSecond = totals.patternsPerSecond
        trainingSeconds = totals.trainingSeconds
        evaluationSeconds = totals.evaluationSeconds
        let split = totals.split
        splitSeconds = Split(
            host: split.host, link: split.link, device: split.device,
            overlap: totals.overlapSeconds ?? 0,
            hostParts: totals.stepSeconds.filter { $0.key != StepClock.Part.device.rawValue })
        chipSeconds = totals.training.chipSeconds + totals.evaluation.chipSeconds
        chipTraining = device.map { _ in ChipCosts(totals.training) }
        chipEvaluation = device.map { _ in ChipCosts(totals.evaluation) }
        energyJoules = totals.training.energy + totals.evaluation.energy
        spikesPerPattern = last?.spikesPerPattern ?? 0
        eventAccounting = device.map { _ in totals.accounting }
        saturatedWeights = last?.saturatedWeights ?? 0
        saturatedEntries = totals.saturatedEntries
        calibrations = progress.calibrations
        probes = totals.probes
        recalibrations = totals.recalibrations
        calibrationSeconds = totals.calibrationSeconds
        deviceKind = device?.kind.rawValue ?? "software"
        deviceSerial = device?.serial
        deviceProfile = device?.profile
        version = VolleyVersion.current
    }
}
