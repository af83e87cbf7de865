package import InTheLoop
package import Substrate

/// What `volley calibrate` prints of a calibration.
package struct CalibrationReport: Encodable {
    /// Whose calibration it is.
    package var device: CalibrationIdentity
    /// What the neurons shall be.
    package var targets: NeuronTargets
    /// Before and after, by parameter.
    package var summary: CalibrationSummary
    /// Whether it was made just now; otherwise it was kept from before.
    package var isFresh: Bool
    /// When it was made, in ISO 8601.
    package var date: String
    /// Seconds since then.
    package var ageSeconds: Double?
    /// Temperature of the chip then, in degrees Celsius, where the device measures it.
    package var temperature: Double?
    /// Batches that it took.
    package var batches: Int
    /// Chip time that it took, in seconds.
    package var chipSeconds: Double
    /// Time on the wall that it took, in seconds.
    package var wallSeconds: Double
    /// Hash of its content.
    package var contentHash: String
    /// Where it is written.
    package var files: [String]

    /// The report of a calibration.
    package init(_ result: CalibrationResult, isFresh: Bool, age: Double?, files: [String]) {
        device = result.device
        targets = result.targets
        summary = CalibrationSummary(result)
        self.isFresh = isFresh
        date = result.date
        ageSeconds = age
        temperature = result.temperature
        batches = result.batches
        chipSeconds = result.chipSeconds
        wallSeconds = result.wallSeconds
        contentHash = result.contentHash
        self.files = files
    }
}

/// What `volley calibrate --check` prints.
package struct CalibrationCheck: Encodable {
    /// Whose calibration it is.
    package var device: CalibrationIdentity
    /// What the neurons shall be.
    package var targets: NeuronTargets
    /// Hash of the calibration's content.
    package var contentHash: String
    /// Age of the calibration, in seconds.
    package var ageSeconds: Double?
    /// Whether it no longer fits the chip.
    package var isStale: Bool
    /// How far each parameter has moved.
    package var probe: CalibrationProbe.Report

    /// A check; every argument has the meaning of the property of its name.
    package init(
        device: CalibrationIdentity, targets: NeuronTargets, contentHash: String, ageSeconds: Double?,
        isStale: Bool, probe: CalibrationProbe.Report
    ) {
        self.device = device
        self.targets = targets
        self.contentHash = contentHash
        self.ageSeconds = ageSeconds
        self.isStale = isStale
        self.probe = probe
    }
}
