public import Substrate

/// What batches cost on the chip, by part and with units in the names: for files and for people.
///
/// An emulator models these figures, a board measures them. Every part is zero in software.
public struct ChipCosts: Sendable, Equatable, Codable {
    /// Settling of neuron parameters, in seconds of chip time.
    public var configurationSeconds: Double
    /// Writing of weights, in seconds of chip time.
    public var weightSeconds: Double
    /// Windows of the patterns, in seconds of chip time.
    public var windowSeconds: Double
    /// Gaps between them (reset, spacing, start and end of device runs), in seconds of chip time.
    public var gapSeconds: Double
    /// Traces on their way out, beyond windows and gaps, in seconds of chip time.
    public var readbackSeconds: Double
    /// Energy of the chip at rest, in joules.
    public var staticJoules: Double
    /// Energy of input events and spikes, in joules.
    public var eventJoules: Double
    /// Energy of CADC samples, in joules.
    public var sampleJoules: Double

    /// The costs of a report.
    public init(_ report: ExecutionReport) {
        configurationSeconds = report.configurationSeconds
        weightSeconds = report.weightSeconds
        windowSeconds = report.windowSeconds
        gapSeconds = report.gapSeconds
        readbackSeconds = report.readbackSeconds
        staticJoules = report.staticEnergy
        eventJoules = report.eventEnergy
        sampleJoules = report.sampleEnergy
    }

    /// Chip time by part, in seconds, each with the word for it.
    public var times: [(name: String, seconds: Double)] {
        [
            ("configuration", configurationSeconds), ("weights", weightSeconds),
            ("windows", windowSeconds), ("gaps", gapSeconds), ("readback", readbackSeconds),
        ]
    }

    /// Energy by part, in joules, each with the word for it.
    public var energies: [(name: String, joules: Double)] {
        [("static", staticJoules), ("events", eventJoules), ("samples", sampleJoules)]
    }

    /// The sum of two costs.
    public static func + (left: Self, right: Self) -> Self {
        var sum = left
        sum.configurationSeconds += right.configurationSeconds
        sum.weightSeconds += right.weightSeconds
        sum.windowSeconds += right.windowSeconds
        sum.gapSeconds += right.gapSeconds
        sum.readbackSeconds += right.readbackSeconds
        sum.staticJoules += right.staticJoules
        sum.eventJoules += right.eventJoules
        sum.sampleJoules += right.sampleJoules
        return sum
    }
}
