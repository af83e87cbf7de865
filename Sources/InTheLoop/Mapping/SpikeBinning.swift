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
        let words = (units.count + 63) / 64
        // A bit for each bin and unit of an entry: sorts, and leaves out repetitions.
        var bits = [UInt64](repeating: 0, count: steps * words)
        var offsets = [UInt32](repeating: 0, count: trains.entryCount * steps + 1)
        var binned = [UInt16](repeating: 0, count: trains.eventCount)
        var count = 0
        var bin = 0
        for entry in 0..<trains.entryCount {
            mark(trains, entry, units: units, steps: steps, period: period, shift: shift, words: words, &bits)
            for step in 0..<steps {
                for word in step * words..<(step + 1) * words where bits[word] != 0 {
                    var rest = bits[word]
                    bits[word] = 0
                    let first = (word - step * words) * 64
                    while rest != 0 {
                        binned[count] = UInt16(truncatingIfNeeded: first &+ rest.trailingZeroBitCount)
                        count &+= 1
                        rest &= rest &- 1
                    }
                }
                bin &+= 1
                offsets[bin] = UInt32(truncatingIfNeeded: count)
            }
        }
        binned.removeLast(binned.count - count)
        return GriddedSpikes(
            sorted: offsets, units: binned, entries: trains.entryCount, steps: steps, channels: units.count)
    }

    /// Sets the bits of an entry's events.
    private static func mark(
        _ trains: SpikeTrains, _ entry: Int, units: Range<Int>, steps: Int, period: Int, shift: Int, words: Int,
        _ bits: inout [UInt64]
    ) {
        var row = shift &* words
        let beyond = steps &* words
        var boundary = period
        for event in trains[entry: entry] {
            let unit = Int(event.unit) &- units.lowerBound
            guard unit >= 0, unit < units.count else { continue }
            while Int(event.tick) >= boundary {
                row &+= words
                boundary &+= period
            }
            if row >= beyond { return }
            bits[row &+ unit >> 6] |= 1 << UInt64(truncatingIfNeeded: unit & 63)
        }
    }
}
