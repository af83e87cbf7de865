import SpikingNetworks
import Substrate

/// Events to grid bins.
enum SpikeBinning {
    /// Puts events of some units into bins of `period` ticks, moved `shift` bins later; at most one per bin and unit.
    ///
    /// Units of the result count from the first of `units`.
    static func grid(
        _ trains: SpikeTrains, units: Range<Int>, steps: Int, period: Int, shift: Int
    ) -> GriddedSpikes {
        var offsets: [UInt32] = []
        offsets.reserveCapacity(trains.entryCount * steps + 1)
        offsets.append(0)
        var binned: [UInt16] = []
        binned.reserveCapacity(trains.eventCount)
        let first = UInt16(units.lowerBound)
        let beyond = UInt16(units.upperBound - 1)
        for entry in 0..<trains.entryCount {
            var bin = shift
            var boundary = period
            for _ in 0..<shift { offsets.append(UInt32(binned.count)) }
            var start = binned.count
            for index in trains.range(ofEntry: entry) {
                let event = trains.events[index]
                guard event.unit >= first, event.unit <= beyond else { continue }
                while Int(event.tick) >= boundary, bin < steps {
                    close(&binned, from: start)
                    offsets.append(UInt32(binned.count))
                    start = binned.count
                    bin += 1
                    boundary += period
                }
                if bin >= steps { break }
                binned.append(event.unit - first)
            }
            while bin < steps {
                close(&binned, from: start)
                offsets.append(UInt32(binned.count))
                start = binned.count
                bin += 1
            }
        }
        return GriddedSpikes(
            entries: trains.entryCount, steps: steps, channels: units.count, offsets: offsets,
            units: binned)
    }

    /// Sorts a bin and leaves out repetitions.
    private static func close(_ binned: inout [UInt16], from start: Int) {
        guard binned.count > start + 1 else { return }
        binned[start...].sort()
        var kept = start
        for index in start + 1..<binned.count where binned[index] != binned[kept] {
            kept += 1
            binned[kept] = binned[index]
        }
        binned.removeLast(binned.count - kept - 1)
    }
}
