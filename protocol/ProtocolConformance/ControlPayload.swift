package import Substrate
package import WireProtocol

/// The control payloads that the suite sends, written field by field: whoever checks a codec must not use it.
package enum ControlPayload {
    /// The suite's name in HELLO.
    package static let software = "volley-conformance"
    /// The suite's version.
    package static let version = "0.1.0"

    /// `Hello`, with a feature and a field that nobody knows, which a device has to ignore (HEL-003, section 6).
    package static func hello(
        nonce: [UInt8], limits: WireLimits = WireLimits(), majors: ClosedRange<Int> = 1...1, minor: Int = 0,
        required: [String] = [], grease: UInt64
    ) -> ProtobufFields {
        var versions = ProtobufFields()
        versions.add(1, majors.lowerBound)
        versions.add(2, majors.upperBound)
        versions.add(3, minor)
        var hello = ProtobufFields()
        hello.add(1, versions)
        hello.add(2, "grease.\(grease & 0xFFFF)")
        for feature in required { hello.add(3, feature) }
        hello.add(4, Self.limits(limits))
        hello.add(5, bytes: nonce)
        hello.add(6, software)
        hello.add(7, version)
        hello.add(1_000 + Int(grease & 0xFF), grease)
        return hello
    }

    /// `Limits`.
    package static func limits(_ limits: WireLimits) -> ProtobufFields {
        var fields = ProtobufFields()
        fields.add(1, limits.framePayload)
        fields.add(2, limits.message)
        fields.add(3, limits.controlPayload)
        fields.add(4, limits.slots)
        fields.add(5, limits.resultsKept)
        return fields
    }

    /// `Open`.
    package static func open(
        run: [UInt8], label: String, credit: UInt64, resuming session: UInt64 = 0, with token: [UInt8] = []
    ) -> ProtobufFields {
        var open = ProtobufFields()
        open.add(1, bytes: run)
        open.add(2, label)
        if session != 0 { open.add(3, fixed64: session) }
        if !token.isEmpty { open.add(4, bytes: token) }
        open.add(5, credit)
        return open
    }

    /// `Configure`.
    package static func configure(_ network: ChipConfiguration) -> ProtobufFields {
        var fields = ProtobufFields()
        fields.add(1, network.inputCount)
        for population in network.populations { fields.add(2, Self.population(population)) }
        for projection in network.projections { fields.add(3, Self.projection(projection)) }
        fields.add(4, network.window)
        fields.add(5, network.sampleCount)
        fields.add(6, network.samplePeriod)
        if network.entrySpacing != 0 { fields.add(7, network.entrySpacing) }
        fields.add(8, fixed64: network.noiseSeed)
        return fields
    }

    private static func population(_ population: ChipConfiguration.Population) -> ProtobufFields {
        var fields = ProtobufFields()
        fields.add(1, population.kind == .spiking ? 1 : 2)
        fields.add(2, population.size)
        var targets = ProtobufFields()
        let values = population.targets
        for (index, value) in [
            values.leak, values.reset, values.threshold, values.tauMem, values.tauSynExcitatory,
            values.tauSynInhibitory, values.refractory, values.synapticGain,
        ].enumerated() { targets.add(index + 1, value) }
        fields.add(3, targets)
        if !population.codes.isEmpty { fields.add(4, bytes: CodesBlock.encode(population.codes)) }
        return fields
    }

    private static func projection(_ projection: ChipConfiguration.Projection) -> ProtobufFields {
        var fields = ProtobufFields()
        if case .population(let index) = projection.source { fields.add(1, index) }
        fields.add(2, projection.target)
        return fields
    }

    /// `Commit`.
    package static func commit(epoch: UInt32, imageChecksum: UInt32) -> ProtobufFields {
        var fields = ProtobufFields()
        fields.add(1, epoch)
        fields.add(2, fixed32: imageChecksum)
        return fields
    }

    /// A message with one integer as field 1: `Credit`, `Cancel`, `Acquire`, `Ack`.
    package static func number(_ value: some BinaryInteger) -> [UInt8] {
        var fields = ProtobufFields()
        fields.add(1, value)
        return fields.encoded()
    }

    /// `Execute` for what a client has written.
    package static func execute(
        _ batch: DeviceBatch, on chip: WrittenChip, slot: Int?, attempt: Int = 1, chunkEntries: Int = 1
    ) -> ProtobufFields {
        var observables = ProtobufFields()
        if batch.observables.spikes { observables.add(1, 1) }
        observables.add(2, batch.observables.membranes.isEmpty ? 0 : batch.observables.membranes.lowerBound)
        observables.add(3, batch.observables.membranes.count)
        if let reference = batch.observables.reference { observables.add(4, reference) }
        var fields = ProtobufFields()
        fields.add(1, batch.id)
        fields.add(2, attempt)
        if let slot { fields.add(3, slot) }
        fields.add(4, bytes: chip.configurationHash)
        fields.add(5, chip.epoch)
        fields.add(6, fixed32: chip.imageChecksum)
        fields.add(7, observables)
        fields.add(8, chunkEntries)
        fields.add(9, bytes: contentHash(of: batch, on: chip))
        return fields
    }

    /// Section 7.6.
    package static func contentHash(of batch: DeviceBatch, on chip: WrittenChip) -> [UInt8] {
        ContentHash.batch(
            configurationHash: chip.configurationHash, imageChecksum: chip.imageChecksum,
            observables: batch.observables, block: spikeBlock(of: batch)[...])
    }

    /// Section 7.1.
    package static func spikeBlock(of batch: DeviceBatch) -> [UInt8] {
        var bytes: [UInt8] = []
        SpikeBlock(unitCount: batch.configuration.inputCount, window: batch.configuration.window)
            .encode(batch.inputs, into: &bytes)
        return bytes
    }

    /// Section 7.2.
    package static func stage(_ batch: DeviceBatch, slot: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: UInt32(slot))
        bytes.append(littleEndian: UInt32(0))
        return bytes + spikeBlock(of: batch)
    }

    /// Section 7.3, all codes.
    package static func fullWeights(_ image: [Int8], epoch: UInt32) -> [UInt8] {
        WeightBlock(image: image, imageChecksum: CRC32C.checksum(image: image), epoch: epoch, base: nil).encoded()
    }

    /// Section 7.3, the codes that differ.
    package static func delta(from base: [Int8], at baseEpoch: UInt32, to image: [Int8], epoch: UInt32) -> [UInt8] {
        let changed = image.indices.filter { base[$0] != image[$0] }
        var bitmap = [UInt8](repeating: 0, count: (image.count + 7) / 8)
        for index in changed { bitmap[index / 8] |= 1 << UInt8(index % 8) }
        var bytes: [UInt8] = []
        for value in [
            2, UInt32(image.count), baseEpoch, epoch, CRC32C.checksum(image: image), UInt32(changed.count), 0, 0,
        ] { bytes.append(littleEndian: value) }
        return bytes + bitmap + changed.map { UInt8(bitPattern: image[$0]) }
    }
}
