/// What a batch cost, in parts that add up. Chip parts are modelled by an emulator and measured by a board.
public struct ExecutionReport: Sendable, Hashable, Codable {
    /// Chip seconds for configuration and its settling.
    public var configurationSeconds: Double = 0
    /// Chip seconds for writing weights.
    public var weightSeconds: Double = 0
    /// Chip seconds in the windows of the entries.
    public var windowSeconds: Double = 0
    /// Chip seconds in the gaps between them (reset, spacing).
    public var gapSeconds: Double = 0
    /// Chip seconds for reading traces back beyond what overlaps with the windows.
    public var readbackSeconds: Double = 0
    /// Static energy, in joules.
    public var staticEnergy: Double = 0
    /// Energy of events, in joules.
    public var eventEnergy: Double = 0
    /// Energy of CADC samples, in joules.
    public var sampleEnergy: Double = 0
    /// Wall seconds that the device spent on the batch, from execute to the last result ready.
    public var deviceSeconds: Double = 0

    /// All zero.
    public init() {}

    /// Chip seconds in all.
    public var chipSeconds: Double {
        configurationSeconds + weightSeconds + windowSeconds + gapSeconds + readbackSeconds
    }

    /// Energy in all, in joules.
    public var energy: Double { staticEnergy + eventEnergy + sampleEnergy }

    /// Adds the costs of another batch.
    public static func += (left: inout ExecutionReport, right: ExecutionReport) {
        left.configurationSeconds += right.configurationSeconds
        left.weightSeconds += right.weightSeconds
        left.windowSeconds += right.windowSeconds
        left.gapSeconds += right.gapSeconds
        left.readbackSeconds += right.readbackSeconds
        left.staticEnergy += right.staticEnergy
        left.eventEnergy += right.eventEnergy
        left.sampleEnergy += right.sampleEnergy
        left.deviceSeconds += right.deviceSeconds
    }
}
