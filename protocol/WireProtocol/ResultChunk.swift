package import Substrate

/// What a result must look like, as the host asked for it; both sides derive it from the batch.
package struct ResultShape: Sendable, Hashable {
    /// Batch entries.
    package var entryCount: Int
    /// Neurons, as units of spikes.
    package var neuronCount: Int
    /// Window, in ticks.
    package var window: Int
    /// CADC samples of an entry.
    package var sampleCount: Int
    /// Distance of samples, in ticks.
    package var samplePeriod: Int
    /// What is recorded.
    package var observables: Observables
    /// Entries of a chunk; the last may have fewer.
    package var chunkEntries: Int

    /// The shape of the result of a batch, in chunks of so many entries.
    package init(_ batch: DeviceBatch, chunkEntries: Int) {
        entryCount = batch.inputs.entryCount
        neuronCount = batch.configuration.neuronCount
        window = batch.configuration.window
        sampleCount = batch.configuration.sampleCount
        samplePeriod = batch.configuration.samplePeriod
        observables = batch.observables
        self.chunkEntries = chunkEntries
    }

    /// Number of chunks; at least one, so that a batch without entries has an answer too.
    package var chunkCount: Int { max(1, (entryCount + chunkEntries - 1) / chunkEntries) }

    /// The entries of a chunk.
    package func entries(ofChunk chunk: Int) -> Range<Int> {
        min(chunk * chunkEntries, entryCount)..<min((chunk + 1) * chunkEntries, entryCount)
    }

    /// CADC codes of an entry.
    package var codesPerEntry: Int { sampleCount * observables.membranes.count }

    /// Flags of what a chunk holds.
    fileprivate var contents: UInt32 {
        (observables.spikes ? 1 : 0) | (observables.membranes.isEmpty ? 0 : 2)
    }
}

/// The payload of RESULT: validity, spikes and CADC codes of some entries (`protocol/SPEC.md`, section 7.4).
package enum ResultChunk {
    /// Length of the head, in bytes.
    package static let headByteCount = 32
    /// Length of the head of the CADC block, in bytes.
    package static let traceHeadByteCount = 16

    /// The bytes of a chunk of a recording, whose shape is the caller's promise.
    package static func encode(
        _ recording: Recording, chunk: Int, shape: ResultShape
    ) -> [UInt8] {
        let entries = shape.entries(ofChunk: chunk)
        let codes = shape.codesPerEntry * entries.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            headByteCount + entries.count * 5 + 3 + SpikeBlock.headByteCount
                + (shape.observables.spikes ? 4 * recording.spikes.eventCount : 0)
                + traceHeadByteCount + codes)
        bytes.append(littleEndian: recording.batch)
        bytes.append(littleEndian: UInt32(chunk))
        bytes.append(littleEndian: UInt32(entries.lowerBound))
        bytes.append(littleEndian: UInt32(entries.count))
        bytes.append(littleEndian: shape.contents)
        bytes.append(littleEndian: UInt64(0))
        bytes.append(contentsOf: recording.validity[entries].lazy.map(\.rawValue))
        bytes.append(contentsOf: repeatElement(0, count: -entries.count & 3))
        if shape.observables.spikes {
            SpikeBlock(unitCount: shape.neuronCount, window: shape.window)
                .encode(recording.spikes.entries(entries), into: &bytes)
        }
        if let membranes = recording.membranes, !shape.observables.membranes.isEmpty {
            bytes.append(littleEndian: UInt32(shape.observables.membranes.lowerBound))
            bytes.append(littleEndian: UInt32(shape.observables.membranes.count))
            bytes.append(littleEndian: UInt32(shape.sampleCount))
            bytes.append(littleEndian: UInt32(shape.samplePeriod))
            let first = entries.lowerBound * shape.codesPerEntry
            bytes.append(contentsOf: membranes.codes[first..<first + codes])
        }
        return bytes
    }
}

/// A result that is being put together from its chunks.
package struct ResultAssembly: Sendable {
    private let batch: UInt64
    private let shape: ResultShape
    private let eventLimit: Int
    private var validity: [EntryValidity] = []
    private var ends: [UInt32] = []
    private var events: [SpikeEvent] = []
    private var codes: [UInt8] = []
    private var checksums: [UInt8] = []
    /// Chunks so far.
    package private(set) var chunkCount = 0

    /// Nothing yet of the result of a batch.
    package init(batch: UInt64, shape: ResultShape) {
        self.batch = batch
        self.shape = shape
        eventLimit = shape.window * shape.neuronCount
    }

    /// Takes the next chunk.
    ///
    /// - Throws: what the spike block throws; `outOfRange` where the chunk is not the next one of this batch or has
    ///   another shape than was asked for; `trailingBytes`.
    package mutating func append(
        _ payload: ArraySlice<UInt8>, checksum: UInt32
    ) throws(WireError) {
        var reader = ByteReader(payload)
        let entries = shape.entries(ofChunk: chunkCount)
        try reader.expect(batch)
        try reader.expect(UInt32(chunkCount))
        try reader.expect(UInt32(entries.lowerBound))
        try reader.expect(UInt32(entries.count))
        try reader.expect(shape.contents)
        try reader.readReserved(UInt64.self)
        let validityBytes = try reader.read(count: entries.count)
        validity.append(contentsOf: validityBytes.lazy.map(EntryValidity.init(rawValue:)))
        for _ in 0..<(-entries.count & 3) { try reader.readReserved(UInt8.self) }
        if shape.observables.spikes {
            try SpikeBlock(unitCount: shape.neuronCount, window: shape.window).decode(
                from: &reader, entryLimit: entries.count, eventLimit: eventLimit, ends: &ends,
                events: &events)
            guard ends.count == entries.upperBound else {
                throw WireError(
                    .outOfRange, at: ResultChunk.headByteCount,
                    expected: UInt64(entries.upperBound), found: UInt64(ends.count))
            }
        }
        if !shape.observables.membranes.isEmpty {
            try reader.expect(UInt32(shape.observables.membranes.lowerBound))
            try reader.expect(UInt32(shape.observables.membranes.count))
            try reader.expect(UInt32(shape.sampleCount))
            try reader.expect(UInt32(shape.samplePeriod))
            if codes.isEmpty { codes.reserveCapacity(shape.entryCount * shape.codesPerEntry) }
            codes.append(
                contentsOf: try reader.read(count: entries.count * shape.codesPerEntry))
        }
        try reader.finish()
        checksums.append(littleEndian: checksum)
        chunkCount += 1
    }

    /// CRC32C of the chunks' checksums, as DONE states it.
    package var checksum: UInt32 { CRC32C.checksum(checksums[...]) }

    /// Whether all chunks are here.
    package var isComplete: Bool { chunkCount == shape.chunkCount }

    /// The recording, with the costs and the temperature that DONE brought.
    package func recording(
        accounting: EventAccounting, execution: ExecutionReport, temperature: Double?
    ) -> Recording {
        Recording(
            batch: batch,
            spikes: shape.observables.spikes
                ? SpikeTrains(ends: ends, events: events)
                : SpikeTrains(ends: Array(repeating: 0, count: shape.entryCount), events: []),
            membranes: shape.observables.membranes.isEmpty
                ? nil
                : CADCRecording(
                    neurons: shape.observables.membranes, sampleCount: shape.sampleCount,
                    codes: codes),
            validity: validity, accounting: accounting, execution: execution,
            temperature: temperature)
    }
}
