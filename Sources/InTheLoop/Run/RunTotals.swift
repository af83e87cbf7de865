public import Substrate

/// Costs and counts over a whole run, training and evaluation together; wall times are of this machine and this attempt.
public struct RunTotals: Sendable, Equatable, Codable {
    /// Training patterns.
    public var trainingPatterns = 0
    /// Patterns of evaluations.
    public var evaluatedPatterns = 0
    /// Wall seconds of training steps, by part.
    public var stepSeconds: [String: Double] = [:]
    /// Wall seconds of training steps in which host and device worked at the same time; nil in runs from before it was
    /// measured.
    public var overlapSeconds: Double?
    /// Wall seconds of evaluations.
    public var evaluationSeconds = 0.0
    /// Entries whose CADC codes hit the end of the range.
    public var saturatedEntries = 0
    /// Where all events went.
    public var accounting = EventAccounting()
    /// What the device spent in training steps.
    public var training = ExecutionReport()
    /// What the device spent in evaluations.
    public var evaluation = ExecutionReport()
    /// Probes of the calibration while training.
    public var probes = 0
    /// Calibrations while training.
    public var recalibrations = 0
    /// Wall seconds of both.
    public var calibrationSeconds = 0.0
    /// Chip seconds of both.
    public var calibrationChipSeconds = 0.0

    /// All zero.
    public init() {}

    /// Wall seconds of training steps.
    public var trainingSeconds: Double { stepSeconds.values.reduce(0, +) }

    /// Training patterns per wall second.
    public var patternsPerSecond: Double {
        trainingSeconds > 0 ? Double(trainingPatterns) / trainingSeconds : 0
    }

    /// The split of the wall time of training steps, in seconds: the device's work, the host's while the device does not,
    /// and when neither works, which is the link's.
    public var split: (host: Double, link: Double, device: Double) {
        let waiting = stepSeconds[StepClock.Part.device.rawValue] ?? 0
        let host = trainingSeconds - waiting
        let overlap = min(overlapSeconds ?? 0, host)
        let device = min(training.deviceSeconds, waiting + overlap)
        return (host - overlap, trainingSeconds - (host - overlap) - device, device)
    }

    /// Adds the times of a step.
    mutating func add(_ clock: StepClock, visit: DeviceVisit?) {
        if let visit { overlapSeconds = (overlapSeconds ?? 0) + visit.overlap(with: clock).seconds }
        for (part, seconds) in clock.seconds { stepSeconds[part.rawValue, default: 0] += seconds }
    }
}
