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

    /// Appends the block of some trains, whose order is the caller's promise.
    package func encode(_ trains: SpikeTrains, into bytes: inout [UInt8]) {
        bytes.append(littleEndian: Self.aer32)
        bytes.append(littleEndian: UInt16(0))
        bytes.append(littleEndian: UInt32(unitCount))
        bytes.append(littleEndian: ChipClock.tickPicoseconds)
        bytes.append(littleEndian: UInt32(window))
        bytes.append(littleEndian: UInt32(trains.entryCount))
        bytes.append(littleEndian: UInt32(trains.eventCount))
        bytes.append(littleEndian: UInt64(0))
        for end in trains.ends { bytes.append(littleEndian: end) }
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: 4 * trains.eventCount))
        let events = trains.events.span
        var output = bytes.mutableSpan
        var place = start
        for index in 0..<events.count {
            let event = events[index]
            output[place] = UInt8(truncatingIfNeeded: event.tick)
            output[place + 1] = UInt8(truncatingIfNeeded: event.tick >> 8)
            output[place + 2] = UInt8(truncatingIfNeeded: event.unit)
            output[place + 3] = UInt8(truncatingIfNeeded: event.unit >> 8)
            place += 4
        }
    }

    /// Reads a block that must be for these limits, and checks every event of it, in one pass.
    ///
    /// - Parameters:
    ///   - entryLimit: most entries.
    ///   - eventLimit: most events of an entry.
    ///   - ends: gets the ends, counted on from the events that are there already; shape `[entry]`.
    ///   - events: gets the events.
    /// - Throws: `truncated`, `tooLarge`, `unknownCode`, `outOfRange`, `disorder`, `reservedNonzero`.
    package func decode(
        from reader: inout ByteReader, entryLimit: Int, eventLimit: Int, ends: inout [UInt32],
        events: inout [SpikeEvent]
    ) throws(WireError) {
        let (entryCount, eventCount) = try readHead(from: &reader, entryLimit: entryLimit)
        try reader.require(4 * entryCount + 4 * eventCount)
        let base = UInt32(events.count)
        let endsPlace = reader.offset
        var counts: [Int] = []
        counts.reserveCapacity(entryCount)
        var last = 0
        for entry in 0..<entryCount {
            let end = Int(try reader.read(UInt32.self))
            guard end >= last, end <= eventCount, end - last <= eventLimit else {
                throw WireError(
                    .outOfRange, at: endsPlace + 4 * entry,
                    expected: UInt64(min(eventCount, last + eventLimit)), found: UInt64(end))
            }
            counts.append(end - last)
            ends.append(base + UInt32(end))
            last = end
        }
        guard last == eventCount else {
            throw WireError(
                .outOfRange, at: endsPlace + 4 * entryCount, expected: UInt64(eventCount),
                found: UInt64(last))
        }
        let place = reader.offset
        let view = try reader.read(count: 4 * eventCount)
        events.reserveCapacity(events.count + eventCount)
        if let bad = decodeEvents(view.span, counts: counts, into: &events) {
            throw WireError(
                bad.code, at: place + 4 * bad.index, expected: UInt64(bad.expected),
                found: UInt64(bad.found))
        }
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

    /// Reads events and checks their ranges and order; returns the first that is wrong.
    private func decodeEvents(
        _ bytes: Span<UInt8>, counts: [Int], into events: inout [SpikeEvent]
    ) -> (code: WireError.Code, index: Int, expected: Int, found: Int)? {
        var index = 0
        for count in counts {
            var previous = -1
            for _ in 0..<count {
                let at = 4 * index
                let word =
                    UInt32(bytes[at]) | UInt32(bytes[at + 1]) << 8 | UInt32(bytes[at + 2]) << 16
                    | UInt32(bytes[at + 3]) << 24
                let tick = Int(word & 0xFFFF)
                let unit = Int(word >> 16)
                let key = tick << 16 | unit
                if tick >= window { return (.outOfRange, index, window, tick) }
                if unit >= unitCount { return (.outOfRange, index, unitCount, unit) }
                if key <= previous { return (.disorder, index, previous, key) }
                previous = key
                events.append(SpikeEvent(tick: UInt16(tick), unit: UInt16(unit)))
                index += 1
            }
        }
        return nil
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
