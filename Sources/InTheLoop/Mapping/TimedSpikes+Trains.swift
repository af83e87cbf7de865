import SpikingNetworks
import Substrate

extension TimedSpikes {
    /// Events of some units of a device, in bins of `period` ticks, moved `shift` bins later.
    init(_ trains: SpikeTrains, units: Range<Int>, steps: Int, period: Int, shift: Int) {
        self.init(
            ends: trains.ends, events: trains.events.map { UInt32($0.tick) | UInt32($0.unit) << 16 }, units: units,
            steps: steps, period: period, shift: shift)
    }
}
