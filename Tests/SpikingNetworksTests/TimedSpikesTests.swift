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
                var expected: [[(step: Int, unit: Int)]] = []
                for _ in 0..<5 {
                    var bins: [(step: Int, unit: Int)] = []
                    // Ticks at the edges of bins and anywhere; units of others too.
                    for _ in 0..<number(below: 121) {
                        let edge = number(below: 10) * period + number(below: 3) - 1
                        let tick = number(below: 2) == 0 ? min(max(edge, 0), 65_535) : number(below: 65_536)
                        let unit = number(below: units + 9)
                        events.append(UInt32(tick) | UInt32(unit) << 16)
                        let step = tick / period + shift
                        if (4..<4 + units).contains(unit) && step < steps { bins.append((step, unit - 4)) }
                    }
                    expected.append(bins)
                    ends.append(UInt32(events.count))
                }
                let spikes = TimedSpikes(
                    ends: ends, events: events, units: 4..<4 + units, steps: steps, period: period, shift: shift)
                #expect(
                    spikes.gridded == GriddedSpikes(steps: steps, channels: units, entries: expected),
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
