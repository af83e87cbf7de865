import SpikingNetworks
import Tensors
import Testing

@Suite struct TimedSpikesTests {
    /// Events of entries against the list of their bins, worked out one by one.
    @Test(arguments: [1, 16, 17, 63, 64, 65, 128, 150, 250, 1_100])
    func eventsAreInTheBinsThatTheirTicksDivideInto(units: Int) {
        var random = RandomStream(seed: UInt64(units), purpose: .trial, 60)
        func number(below end: Int) -> Int { Int(random.next(upperBound: UInt64(end))) }
        for period in [1, 2, 3, 212, 213, 5_000, 65_535, 65_536, 70_000] {
            for shift in [0, 1] {
                let steps = 7
                var events: [UInt32] = []
                var ends: [UInt32] = []
                var (offsets, expected): ([UInt32], [UInt16]) = ([0], [])
                for _ in 0..<5 {
                    // Ticks at the edges of bins and anywhere; units of others too.
                    let entry = (0..<number(below: 121)).map { _ in
                        let edge = number(below: 10) * period + number(below: 3) - 1
                        let tick = number(below: 2) == 0 ? min(max(edge, 0), 65_535) : number(below: 65_536)
                        return (tick: tick, unit: number(below: units + 9))
                    }.sorted { $0.tick < $1.tick }
                    events += entry.map { UInt32($0.tick) | UInt32($0.unit) << 16 }
                    ends.append(UInt32(events.count))
                    for step in 0..<steps {
                        var bin: [UInt16] = []
                        for (tick, unit) in entry where tick / period + shift == step && (4..<4 + units).contains(unit)
                        {
                            let unit = UInt16(unit - 4)
                            if !bin.contains(unit) { bin.append(unit) }
                        }
                        expected += bin
                        offsets.append(UInt32(expected.count))
                    }
                }
                let spikes = TimedSpikes(
                    ends: ends, events: events, units: 4..<4 + units, steps: steps, period: period, shift: shift)
                #expect(
                    spikes.gridded
                        == GriddedSpikes(entries: 5, steps: steps, channels: units, offsets: offsets, units: expected),
                    "seed and units \(units), period \(period), shift \(shift)")
            }
        }
    }

    @Test func nothingGivesNothing() {
        #expect(TimedSpikes(ends: [], events: [], units: 0..<3, steps: 2, period: 5).gridded.count == 0)
        #expect(
            TimedSpikes(ends: [0, 0], events: [], units: 0..<0, steps: 2, period: 5).gridded
                == GriddedSpikes(silentEntries: 2, steps: 2, channels: 0))
    }
}
