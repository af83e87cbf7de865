public import Substrate

/// Every feature fires once, at a time linear in its value: `t = early + x (late - early)`.
///
/// As for Yin-Yang in Göltz, Kriener et al., Nature Machine Intelligence 3, 2021: an event of fixed time besides the
/// features, so that times mean something relative to it. Channels: feature `f` on `f * copies ..< (f + 1) * copies`,
/// then the bias on as many.
public struct LinearLatencyEncoder: SpikeEncoder, Hashable {
    /// Features of a sample.
    public let featureCount: Int
    /// Time of a feature of 0, in microseconds of chip time.
    public let early: Double
    /// Time of a feature of 1, in microseconds.
    public let late: Double
    /// Time of the bias events, in microseconds; `nil` for none.
    public let bias: Double?
    /// Channels that carry the same feature.
    public let copies: Int

    /// An encoder; every argument has the meaning of the property of its name.
    ///
    /// Traps if a time cannot be expressed in ticks.
    public init(featureCount: Int, early: Double, late: Double, bias: Double?, copies: Int = 1) {
        for time in [early, late, bias ?? 0] {
            let tick = ChipClock.ticks(microseconds: time)
            precondition(
                tick >= 0 && tick < ChipClock.maximumWindow,
                "tick \(tick) is not in 0..<\(ChipClock.maximumWindow)")
        }
        precondition(copies > 0, "\(copies) copies of a channel")
        self.featureCount = featureCount
        self.early = early
        self.late = late
        self.bias = bias
        self.copies = copies
    }

    /// Number of input channels, bias included.
    public var channelCount: Int { (featureCount + (bias == nil ? 0 : 1)) * copies }

    /// The events of a sample; values outside 0...1 count as 0 or 1. Traps on a wrong number of features.
    public func encode(_ features: [Float]) -> [SpikeEvent] {
        precondition(
            features.count == featureCount,
            "\(features.count) features for an encoder of \(featureCount)")
        var times = features.map { early + Double(min(max($0, 0), 1)) * (late - early) }
        if let bias { times.append(bias) }
        return times.enumerated().flatMap { index, time in
            let tick = UInt16(ChipClock.ticks(microseconds: time))
            return (0..<copies).map { SpikeEvent(tick: tick, unit: UInt16(index * copies + $0)) }
        }
    }
}
