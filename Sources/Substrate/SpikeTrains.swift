/// The spike trains of all entries of a batch, as columns: the events of every entry in a row, and where each ends.
///
/// Within an entry events are sorted by (tick, unit) and no event occurs twice.
public struct SpikeTrains: Sendable, Equatable {
    /// For each entry, the index after its last event; shape `[entry]`, never decreasing.
    public private(set) var ends: [UInt32]
    /// The events of entry 0, then of entry 1, and so on.
    public private(set) var events: [SpikeEvent]

    /// No entries.
    public init() {
        ends = []
        events = []
    }

    /// Takes columns that are known to be well formed.
    ///
    /// Traps if the last end is not the number of events. The order within entries is the caller's promise; code that
    /// reads columns from outside checks it with `firstDisorder` before use.
    public init(ends: [UInt32], events: [SpikeEvent]) {
        precondition(
            Int(ends.last ?? 0) == events.count,
            "ends close at \(ends.last ?? 0), but there are \(events.count) events")
        self.ends = ends
        self.events = events
    }

    /// Number of entries.
    public var entryCount: Int { ends.count }

    /// Number of events over all entries.
    public var eventCount: Int { events.count }

    /// The range of `events` that belongs to an entry.
    public func range(ofEntry entry: Int) -> Range<Int> {
        (entry == 0 ? 0 : Int(ends[entry - 1]))..<Int(ends[entry])
    }

    /// The events of an entry, sorted by (tick, unit).
    public subscript(entry entry: Int) -> ArraySlice<SpikeEvent> {
        events[range(ofEntry: entry)]
    }

    /// Appends an entry, sorting its events and leaving out repetitions.
    public mutating func append(_ entry: [SpikeEvent]) {
        var last: SpikeEvent?
        for event in entry.sorted() where event != last {
            events.append(event)
            last = event
        }
        ends.append(UInt32(events.count))
    }

    /// Makes room for so many entries and events in all.
    public mutating func reserve(entries: Int, events count: Int) {
        ends.reserveCapacity(entries)
        events.reserveCapacity(count)
    }

    /// Appends entries that are already in order.
    public mutating func append(contentsOf other: SpikeTrains) {
        let base = UInt32(events.count)
        events.append(contentsOf: other.events)
        ends.append(contentsOf: other.ends.lazy.map { $0 + base })
    }

    /// The entries of a range, as trains of their own.
    public func entries(_ range: Range<Int>) -> SpikeTrains {
        guard !range.isEmpty else { return SpikeTrains() }
        let first = self.range(ofEntry: range.lowerBound).lowerBound
        let last = self.range(ofEntry: range.upperBound - 1).upperBound
        return SpikeTrains(
            ends: ends[range].map { $0 - UInt32(first) }, events: Array(events[first..<last]))
    }

    /// The index of the first event that is out of order, repeated, or outside the given limits; `nil` if all is well.
    ///
    /// - Parameters:
    ///   - unitCount: units are below this.
    ///   - window: ticks are below this.
    public func firstDisorder(unitCount: Int, window: Int) -> Int? {
        for entry in 0..<entryCount {
            var last: SpikeEvent?
            for index in range(ofEntry: entry) {
                let event = events[index]
                if Int(event.unit) >= unitCount || Int(event.tick) >= window { return index }
                if let last, !(last < event) { return index }
                last = event
            }
        }
        return nil
    }
}
