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

    /// The bytes of a chunk, in the frame that carries them; the slice's shape is the caller's promise.
    package static func encode(
        _ slice: RecordingSlice, of batch: UInt64, chunk: Int, shape: ResultShape
    ) -> FramedPayload {
        let entries = slice.entries
        return FramedPayload(
            capacity: headByteCount + entries.count * 5 + 3 + SpikeBlock.headByteCount
                + 4 * slice.spikes.eventCount + traceHeadByteCount
                + (slice.membranes?.codes.count ?? 0)
        ) { bytes in
            bytes.append(littleEndian: batch)
            bytes.append(littleEndian: UInt32(chunk))
            bytes.append(littleEndian: UInt32(entries.lowerBound))
            bytes.append(littleEndian: UInt32(entries.count))
            bytes.append(littleEndian: shape.contents)
            bytes.append(littleEndian: UInt64(0))
            bytes.append(contentsOf: slice.validity.lazy.map(\.rawValue))
            bytes.append(contentsOf: repeatElement(0, count: -entries.count & 3))
            if shape.observables.spikes {
                SpikeBlock(unitCount: shape.neuronCount, window: shape.window)
                    .encode(slice.spikes, into: &bytes)
            }
            if let membranes = slice.membranes, !shape.observables.membranes.isEmpty {
                bytes.append(littleEndian: UInt32(shape.observables.membranes.lowerBound))
                bytes.append(littleEndian: UInt32(shape.observables.membranes.count))
                bytes.append(littleEndian: UInt32(shape.sampleCount))
                bytes.append(littleEndian: UInt32(shape.samplePeriod))
                bytes.append(contentsOf: membranes.codes)
            }
        }
    }
}

/// Follows the chunks of a result: turns each into the slice that it holds, and sums up what DONE has to agree with.
package struct ResultAssembly: Sendable {
    private let batch: UInt64
    private let shape: ResultShape
    private var checksums: [UInt8] = []
    /// Chunks so far.
    package private(set) var chunkCount = 0
    /// Spikes so far.
    package private(set) var eventCount = 0

    /// Nothing yet of the result of a batch.
    package init(batch: UInt64, shape: ResultShape) {
        self.batch = batch
        self.shape = shape
    }

    /// Takes the next chunk.
    ///
    /// - Throws: what the spike block throws; `reservedNonzero` for an undefined bit of the validity; `outOfRange` where the chunk is not the next one of this batch or has
    ///   another shape than was asked for; `trailingBytes`.
    package mutating func append(
        _ payload: ArraySlice<UInt8>, checksum: UInt32
    ) throws(WireError) -> RecordingSlice {
        var reader = ByteReader(payload)
        let entries = shape.entries(ofChunk: chunkCount)
        try reader.expect(batch)
        try reader.expect(UInt32(chunkCount))
        try reader.expect(UInt32(entries.lowerBound))
        try reader.expect(UInt32(entries.count))
        try reader.expect(shape.contents)
        try reader.readReserved(UInt64.self)
        let marks = reader.offset
        let validity = try reader.read(count: entries.count).map(EntryValidity.init(rawValue:))
        if let bad = validity.firstIndex(where: { !$0.isSubset(of: .defined) }) {
            throw WireError(.reservedNonzero, at: marks + bad, found: UInt64(validity[bad].rawValue))
        }
        for _ in 0..<(-entries.count & 3) { try reader.readReserved(UInt8.self) }
        var spikes = SpikeTrains(ends: Array(repeating: 0, count: entries.count), events: [])
        if shape.observables.spikes {
            let place = reader.offset
            spikes = try SpikeBlock(unitCount: shape.neuronCount, window: shape.window).decode(
                from: &reader, entryLimit: entries.count, eventLimit: shape.window * shape.neuronCount)
            guard spikes.entryCount == entries.count else {
                throw WireError(
                    .outOfRange, at: place + 16, expected: UInt64(entries.count),
                    found: UInt64(spikes.entryCount))
            }
        }
        let membranes = try readMembranes(from: &reader, entryCount: entries.count)
        try reader.finish()
        checksums.append(littleEndian: checksum)
        chunkCount += 1
        eventCount += spikes.eventCount
        return RecordingSlice(
            firstEntry: entries.lowerBound, spikes: spikes, membranes: membranes, validity: validity)
    }

    private func readMembranes(
        from reader: inout ByteReader, entryCount: Int
    ) throws(WireError) -> CADCRecording? {
        let neurons = shape.observables.membranes
        guard !neurons.isEmpty else { return nil }
        try reader.expect(UInt32(neurons.lowerBound))
        try reader.expect(UInt32(neurons.count))
        try reader.expect(UInt32(shape.sampleCount))
        try reader.expect(UInt32(shape.samplePeriod))
        return CADCRecording(
            neurons: neurons, sampleCount: shape.sampleCount,
            codes: Array(try reader.read(count: entryCount * shape.codesPerEntry)))
    }

    /// CRC32C of the chunks' checksums, as DONE states it.
    package var checksum: UInt32 { CRC32C.checksum(checksums[...]) }

    /// Whether all chunks are here.
    package var isComplete: Bool { chunkCount == shape.chunkCount }
}

extension EntryValidity {
    /// The bits that have a meaning (`protocol/SPEC.md`, section 7.4).
    fileprivate static let defined: EntryValidity = [.timingOverrun, .fifoOverflow, .saturated, .temperature]
}
