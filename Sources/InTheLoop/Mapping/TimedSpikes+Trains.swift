import SpikingNetworks
import Substrate

extension TimedSpikes {
    /// Events of some units of a device, in bins of `period` ticks, moved `shift` bins later.
    init(_ trains: SpikeTrains, units: Range<Int>, steps: Int, period: Int, shift: Int) {
        // Written in place, which the compiler does for many at once; `map` takes seven times as long.
        let source = trains.events
        var events = [UInt32](repeating: 0, count: source.count)
        for index in source.indices { events[index] = UInt32(source[index].tick) | UInt32(source[index].unit) << 16 }
        self.init(sorted: events, ends: trains.ends, units: units, steps: steps, period: period, shift: shift)
    }
}
