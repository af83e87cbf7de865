import Settings

/// Loss and regularisers.
public struct ObjectiveSection: Sendable, Equatable {
    /// What of the readout is classified.
    public enum Score: String, Sendable, CaseIterable {
        /// The maximum of the membrane over time.
        case maxOverTime = "max_over_time"
        /// The sum of the membrane over time.
        case sumOverTime = "sum_over_time"
    }

    /// What of the readout is classified.
    public var score: Score
    /// Factor on the score before the softmax.
    public var scale: Double
    /// Weight of the burst penalty.
    public var burst: Double
    /// Weight of the mean square of the hidden weights.
    public var weightDecay: Double
    /// Weight of the mean square of the readout maximum.
    public var readoutAmplitude: Double

    init(reading reader: inout FieldReader) throws(FieldError) {
        score = try reader.choice(
            "objective.score", .maxOverTime,
            "What of the readout membrane is classified: its maximum or its sum over time.")
        scale = try reader.number(
            "objective.scale", 10, in: 0.001...10_000, "Factor on the score before the softmax.")
        burst = try reader.number(
            "objective.burst", 5e-4, in: 0...100,
            "Weight of the mean over batch and hidden units of the squared spike count.")
        weightDecay = try reader.number(
            "objective.weight_decay", 0.1, in: 0...100, "Weight of the mean square of the hidden weights.")
        readoutAmplitude = try reader.number(
            "objective.readout_amplitude", 0, in: 0...100,
            "Weight of the mean square of the readout's maximum over time.")
    }
}
