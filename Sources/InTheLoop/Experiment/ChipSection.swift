import Settings

/// What the chip's neurons are set to, as hardware values.
public struct ChipSection: Sendable, Equatable {
    /// Whether the host finds the codes that make the neurons what they shall be.
    public enum CalibrationUse: String, Sendable, CaseIterable {
        /// Where the chip expects it.
        case auto
        /// Never: neurons miss their targets by the chip's mismatch.
        case off
    }

    /// What is done about a calibration that no longer fits the chip.
    public enum StalePolicy: String, Sendable, CaseIterable {
        /// Calibrate again and go on.
        case recalibrate
        /// Say so and go on.
        case warn
        /// Save a checkpoint and stop.
        case stop
    }

    /// Leak potential, in CADC LSB.
    public var leak: Double
    /// Reset potential, in CADC LSB.
    public var reset: Double
    /// Spike threshold, in CADC LSB.
    public var threshold: Double
    /// Refractory time, in µs.
    public var refractoryMicroseconds: Double
    /// Start-to-start distance of patterns while training, in µs; zero for as dense as possible.
    public var spacingMicroseconds: Double
    /// Whether the host finds the codes that make the neurons what they shall be.
    public var calibration: CalibrationUse
    /// Minibatches from one probe of the calibration to the next while training; zero for none.
    public var probeEvery: Int
    /// What is done about a calibration that no longer fits the chip.
    public var whenStale: StalePolicy

    init(reading reader: inout FieldReader) throws(FieldError) {
        leak = try reader.number("chip.leak_lsb", 80, in: 50...160, "Leak potential, in CADC LSB.")
        reset = try reader.number("chip.reset_lsb", 80, in: 50...160, "Reset potential, in CADC LSB.")
        threshold = try reader.number(
            "chip.threshold_lsb", 150, in: 50...220, "Spike threshold, in CADC LSB.")
        refractoryMicroseconds = try reader.number(
            "chip.refractory_us", 2, in: 0.04...32, "Refractory time, in µs of chip time.")
        spacingMicroseconds = try reader.number(
            "chip.spacing_us", 200, in: 0...10_000,
            "Start-to-start distance of patterns while traces are recorded, in µs; 0 means as dense as possible.")
        calibration = try reader.choice(
            "chip.calibration", .auto,
            "Whether the host calibrates a chip that expects it, before its first use with these settings.")
        probeEvery = try reader.integer(
            "chip.probe_every", 0, in: 0...1_000_000,
            "Minibatches from one probe of the calibration to the next while training; 0 means none.")
        whenStale = try reader.choice(
            "chip.when_stale", .recalibrate,
            "What is done about a calibration that no longer fits: calibrate again, warn and go on, or stop.")
        guard threshold > leak else {
            throw reader.fail(
                "chip.threshold_lsb", "the threshold (\(threshold) LSB) is not above the leak (\(leak) LSB)")
        }
    }
}
