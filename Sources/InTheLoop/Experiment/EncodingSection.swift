import Settings

/// How features become input spikes.
public struct EncodingSection: Sendable, Equatable {
    /// The encoders.
    public enum Kind: String, Sendable, CaseIterable {
        /// `t = tau ln(x / (x - theta))`: bright is early, below theta is silent.
        case latency
        /// `t = early + x (late - early)`: every feature fires once.
        case linear
    }

    /// The encoder.
    public var kind: Kind
    /// Time constant of the latency code, in µs.
    public var tauMicroseconds: Double
    /// Threshold of the latency code, as a feature value.
    public var threshold: Double
    /// Spike time of feature value 0 in the linear code, in µs.
    public var earlyMicroseconds: Double
    /// Spike time of feature value 1 in the linear code, in µs.
    public var lateMicroseconds: Double
    /// Time of the bias spike of the linear code, in µs; negative for none.
    public var biasMicroseconds: Double
    /// Input channels that carry each feature of the linear code.
    public var copies: Int

    init(reading reader: inout FieldReader) throws(FieldError) {
        kind = try reader.choice(
            "encoding.kind", .latency,
            "latency: t = tau ln(x / (x - threshold)); linear: t = early + x (late - early).")
        tauMicroseconds = try reader.number(
            "encoding.tau_us", 8, in: 0.01...1_000, "Time constant of the latency code, in µs.")
        threshold = try reader.number(
            "encoding.threshold", 0.2, in: 0...0.999,
            "Feature value at or below which the latency code is silent.")
        earlyMicroseconds = try reader.number(
            "encoding.early_us", 0, in: 0...500, "Linear code: spike time of feature value 0, in µs.")
        lateMicroseconds = try reader.number(
            "encoding.late_us", 16, in: 0...500, "Linear code: spike time of feature value 1, in µs.")
        biasMicroseconds = try reader.number(
            "encoding.bias_us", 8, in: -1...500,
            "Linear code: time of an extra spike in every pattern, in µs; negative for none.")
        copies = try reader.integer(
            "encoding.copies", 1, in: 1...64, "Linear code: input channels that carry each feature.")
    }
}
