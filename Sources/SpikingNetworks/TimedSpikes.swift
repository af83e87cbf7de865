/// Spikes of a batch by the clock of a device; on a grid they come to be when they are needed.
///
/// A spike at tick `k` is in bin `k / period + shift`, rounded down. Of several spikes of a unit in a bin one is left.
/// Spikes of other units, and those after the last bin, are left out.
public struct TimedSpikes: Sendable, Equatable {
    /// For each entry, the index after its last event.
    public let ends: [UInt32]
    /// Events of all entries, by their ticks within one; each `tick + unit * 2^16`.
    public let events: [UInt32]
    /// Units on the grid, where they count from the first of them.
    public let units: Range<Int>
    /// Bins of an entry.
    public let steps: Int
    /// Ticks of a bin.
    public let period: Int
    /// Bins by which spikes are moved.
    public let shift: Int

    /// Spikes from their parts. Traps if the ends do not fit the events, if those of an entry are not in the order of their
    /// ticks, on a period below 1, or on a negative shift.
    public init(ends: [UInt32], events: [UInt32], units: Range<Int>, steps: Int, period: Int, shift: Int = 0) {
        for (entry, end) in ends.enumerated() {
            let begin = entry == 0 ? 0 : ends[entry - 1]
            precondition(begin <= end, "entry \(entry) ends before it begins")
            var last: UInt32 = 0
            for event in begin..<end {
                let tick = events[Int(event)] & 0xFFFF
                precondition(last <= tick, "event \(event) comes before the one ahead of it")
                last = tick
            }
        }
        self.init(sorted: events, ends: ends, units: units, steps: steps, period: period, shift: shift)
    }

    /// From events that are known to be in the order of their ticks within each entry: that is not checked, all else is.
    package init(
        sorted events: [UInt32], ends: [UInt32], units: Range<Int>, steps: Int, period: Int, shift: Int
    ) {
        precondition(
            Int(ends.last ?? 0) == events.count && ends.allSatisfy { $0 <= events.count },
            "ends up to \(ends.max() ?? 0) that close at \(ends.last ?? 0) for \(events.count) events")
        precondition(period > 0 && period <= Int(UInt32.max), "a period of \(period) ticks")
        precondition(shift >= 0, "a shift of \(shift) bins")
        self.ends = ends
        self.events = events
        self.units = units
        self.steps = steps
        self.period = period
        self.shift = shift
    }

    /// Batch entries.
    public var entries: Int { ends.count }

    /// The spikes on the grid.
    public var gridded: GriddedSpikes { TrainingKernels().grid(self) }
}
