public import Substrate
import Tensors

/// Bright pixels fire early: `t = tau ln(x / (x - threshold))` for `x > threshold`, else no event.
///
/// This is the time at which a leaky integrator with constant input `x` reaches `threshold` (Cramer, Billaudelle et al.,
/// PNAS 119(4), 2022, Materials and Methods). The time of `x = 1` is subtracted, so that a white pixel fires at tick 0.
/// The authors' code subtracts the smallest time over the batch tensor; any batch of images that holds one white pixel
/// gives the same constant, and with ours the events of an image do not depend on its neighbours.
public struct LatencyEncoder: SpikeEncoder, Hashable {
    /// Number of features, one channel each.
    public let channelCount: Int
    /// Time constant, in microseconds of chip time.
    public let tau: Double
    /// Features up to this one give no event.
    public let threshold: Double
    /// Length of the window, in microseconds; later events are left out.
    public let window: Double

    /// An encoder; the defaults are those of the reference.
    ///
    /// Traps unless `0 < threshold < 1`, `tau > 0`, and the window can be expressed in ticks.
    public init(
        channelCount: Int, tau: Double = 8, threshold: Double = 0.2, window: Double = 34
    ) {
        precondition(threshold > 0 && threshold < 1, "threshold \(threshold) is not in (0, 1)")
        precondition(tau > 0, "tau \(tau) is not positive")
        let ticks = ChipClock.ticks(microseconds: window)
        precondition(
            ticks <= ChipClock.maximumWindow,
            "a window of \(ticks) ticks exceeds \(ChipClock.maximumWindow)")
        self.channelCount = channelCount
        self.tau = tau
        self.threshold = threshold
        self.window = window
    }

    /// The events of a sample; traps if it does not have `channelCount` features.
    public func encode(_ features: [Float]) -> [SpikeEvent] {
        precondition(
            features.count == channelCount,
            "\(features.count) features for \(channelCount) channels")
        let end = ChipClock.ticks(microseconds: window)
        let earliest = time(of: 1)
        var events: [SpikeEvent] = []
        for (channel, feature) in features.enumerated() where Double(feature) > threshold {
            let shifted = max(0, time(of: Double(feature)) - earliest)
            guard shifted < window else { continue }
            let tick = ChipClock.ticks(microseconds: shifted)
            if tick < end { events.append(SpikeEvent(tick: UInt16(tick), unit: UInt16(channel))) }
        }
        return events
    }

    /// Time of a feature above the threshold, in microseconds, before the shift.
    private func time(of feature: Double) -> Double {
        tau * PortableMath.log(feature / (feature - threshold))
    }
}
