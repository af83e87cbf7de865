package import Substrate

/// The payload of STAGE: a slot and the input events of a batch (`protocol/SPEC.md`, section 7.2).
package struct StagePayload: Sendable, Equatable {
    /// The input slot.
    package var slot: Int
    /// The input events; units are inputs.
    package var inputs: SpikeTrains

    /// Inputs for a slot.
    package init(slot: Int, inputs: SpikeTrains) {
        self.slot = slot
        self.inputs = inputs
    }

    /// Length of the head before the spike block, in bytes.
    package static let headByteCount = 8

    /// The bytes; the part from `headByteCount` on is what the content hash covers.
    package func encoded(block: SpikeBlock) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headByteCount + SpikeBlock.byteCount(inputs))
        bytes.append(littleEndian: UInt32(slot))
        bytes.append(littleEndian: UInt32(0))
        block.encode(inputs, into: &bytes)
        return bytes
    }

    /// Reads a payload for a configuration on a chip.
    ///
    /// - Throws: what the spike block throws, `tooLarge` for the slot, `trailingBytes`.
    package init(
        parsing payload: ArraySlice<UInt8>, block: SpikeBlock, slots: Int, geometry: ChipGeometry
    ) throws(WireError) {
        var reader = ByteReader(payload)
        slot = try reader.readCount(limit: slots - 1)
        try reader.readReserved(UInt32.self)
        inputs = try block.decode(
            from: &reader, entryLimit: geometry.maximumEntriesPerBatch,
            eventLimit: geometry.maximumEventsPerEntry)
        try reader.finish()
    }
}
