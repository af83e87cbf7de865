package import Substrate

/// Spike trains as bytes: the spike block in its mandatory encoding AER32 (`protocol/SPEC.md`, section 7.1).
package struct SpikeBlock: Sendable, Hashable {
    /// Length of the head, in bytes.
    package static let headByteCount = 32
    private static let aer32: UInt16 = 1

    /// Units are below this.
    package var unitCount: Int
    /// Ticks are below this.
    package var window: Int

    /// A block for units and ticks below these limits.
    package init(unitCount: Int, window: Int) {
        self.unitCount = unitCount
        self.window = window
    }

    /// Length of the block of some trains, in bytes.
    package static func byteCount(_ trains: SpikeTrains) -> Int {
        headByteCount + 4 * trains.entryCount + 4 * trains.eventCount
    }

    /// Appends the block of some entries of trains, all of them unless said otherwise; order is the caller's promise.
    package func encode(
        _ trains: SpikeTrains, entries: Range<Int>? = nil, into bytes: inout [UInt8]
    ) {
        let entries = entries ?? 0..<trains.entryCount
        let first = entries.isEmpty ? 0 : trains.range(ofEntry: entries.lowerBound).lowerBound
        let last = entries.isEmpty ? 0 : trains.range(ofEntry: entries.upperBound - 1).upperBound
        bytes.append(littleEndian: Self.aer32)
        bytes.append(littleEndian: UInt16(0))
        bytes.append(littleEndian: UInt32(unitCount))
        bytes.append(littleEndian: ChipClock.tickPicoseconds)
        bytes.append(littleEndian: UInt32(window))
        bytes.append(littleEndian: UInt32(entries.count))
        bytes.append(littleEndian: UInt32(last - first))
        bytes.append(littleEndian: UInt64(0))
        if first == 0, entries.count == trains.entryCount {
            WireKernels.append(trains.ends, to: &bytes)
        } else {
            WireKernels.append(trains.ends[entries].map { $0 - UInt32(first) }, to: &bytes)
        }
        WireKernels.append(trains.events[first..<last], to: &bytes)
    }

    /// Reads a block that must be for these limits, and checks every event of it.
    ///
    /// - Parameters:
    ///   - entryLimit: most entries.
    ///   - eventLimit: most events of an entry.
    /// - Throws: `truncated`, `tooLarge`, `unknownCode`, `outOfRange`, `disorder`, `reservedNonzero`.
    package func decode(
        from reader: inout ByteReader, entryLimit: Int, eventLimit: Int
    ) throws(WireError) -> SpikeTrains {
        let (entryCount, eventCount) = try readHead(from: &reader, entryLimit: entryLimit)
        try reader.require(4 * entryCount + 4 * eventCount)
        let endsPlace = reader.offset
        let ends = WireKernels.words(try reader.read(count: 4 * entryCount))
        var last = 0
        for entry in 0..<entryCount {
            let end = Int(ends[entry])
            guard end >= last, end <= eventCount, end - last <= eventLimit else {
                throw WireError(
                    .outOfRange, at: endsPlace + 4 * entry,
                    expected: UInt64(min(eventCount, last + eventLimit)), found: UInt64(end))
            }
            last = end
        }
        guard last == eventCount else {
            throw WireError(
                .outOfRange, at: endsPlace + 4 * entryCount, expected: UInt64(eventCount),
                found: UInt64(last))
        }
        let place = reader.offset
        let events = WireKernels.events(try reader.read(count: 4 * eventCount))
        if let bad = WireKernels.firstBadEvent(
            events, ends: ends, unitCount: unitCount, window: window)
        {
            throw error(of: events, bad, place: place + 4 * bad)
        }
        return SpikeTrains(ends: ends, events: events)
    }

    /// What is wrong with an event: out of range, else out of order.
    private func error(of events: [SpikeEvent], _ index: Int, place: Int) -> WireError {
        let event = events[index]
        if Int(event.tick) >= window {
            return WireError(
                .outOfRange, at: place, expected: UInt64(window), found: UInt64(event.tick))
        }
        if Int(event.unit) >= unitCount {
            return WireError(
                .outOfRange, at: place, expected: UInt64(unitCount), found: UInt64(event.unit))
        }
        func key(_ event: SpikeEvent) -> UInt64 { UInt64(event.tick) << 16 | UInt64(event.unit) }
        return WireError(
            .disorder, at: place, expected: index > 0 ? key(events[index - 1]) : 0, found: key(event))
    }

    private func readHead(
        from reader: inout ByteReader, entryLimit: Int
    ) throws(WireError) -> (entries: Int, events: Int) {
        let start = reader.offset
        let encoding = try reader.read(UInt16.self)
        guard encoding == Self.aer32 else {
            throw WireError(
                .unknownCode, at: start, expected: UInt64(Self.aer32), found: UInt64(encoding))
        }
        try reader.readReserved(UInt16.self)
        try reader.expect(UInt32(unitCount))
        try reader.expect(ChipClock.tickPicoseconds)
        try reader.expect(UInt32(window))
        let entries = try reader.readCount(limit: entryLimit)
        let events = Int(try reader.read(UInt32.self))
        try reader.readReserved(UInt64.self)
        return (entries, events)
    }
}

extension ByteReader {
    /// Reads a value that must be this one.
    ///
    /// - Throws: `outOfRange` with both, or `truncated`.
    package mutating func expect<T: FixedWidthInteger & UnsignedInteger>(
        _ value: T
    ) throws(WireError) {
        let place = offset
        let found = try read(T.self)
        guard found == value else {
            throw WireError(
                .outOfRange, at: place, expected: UInt64(value), found: UInt64(found))
        }
    }
}
