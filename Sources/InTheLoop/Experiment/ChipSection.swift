import Settings

/// What the chip's neurons are set to, as hardware values.
public struct ChipSection: Sendable, Equatable {
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
        guard threshold > leak else {
            throw reader.fail(
                "chip.threshold_lsb", "the threshold (\(threshold) LSB) is not above the leak (\(leak) LSB)")
        }
    }
}
