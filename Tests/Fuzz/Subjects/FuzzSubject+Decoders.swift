import Substrate
import WireProtocol

extension FuzzSubject {
    static let decoders: [FuzzSubject] = [
        FuzzSubject("frame", kinds: ["frame"]) { bytes in
            // Once as it is, once with right checksums, so that what they protect is looked at.
            for bytes in [bytes, sealed(bytes)] {
                guard let frame = try? Frame(parsing: bytes, limits: WireLimits()) else { continue }
                demand(Frame.encode(frame.header, payload: frame.payload) == bytes, "a frame is written otherwise")
            }
        },
        fragments,
        FuzzSubject("fields", kinds: ["control"]) { bytes in
            guard let fields = try? ProtobufFields(parsing: bytes) else { return }
            guard let again = try? ProtobufFields(parsing: fields.encoded()) else {
                fatalError("fields that were read and written cannot be read again")
            }
            demand(fields == again, "fields differ after a round trip")
        },
        FuzzSubject("control", kinds: ["control"], seeds: ControlMessage.names.indices.map { [UInt8($0)] }) { bytes in
            // The first byte says which message the rest is.
            let name = ControlMessage.names[Int(bytes.first ?? 0) % ControlMessage.names.count]
            guard let once = try? ControlMessage.reencode(name, bytes.dropFirst()) else { return }
            guard let twice = try? ControlMessage.reencode(name, once[...]) else {
                fatalError("\(name) that was read and written cannot be read again")
            }
            // Numbers that are not numbers, and texts, have one form only after the first writing.
            demand(once == twice, "\(name) differs after a round trip")
            try? ControlMessage.interpret(name, once[...])
        },
        FuzzSubject("spikes", kinds: ["spikes"]) { bytes in
            let block = SpikeBlock(unitCount: 5, window: 1_000)
            var reader = ByteReader(bytes[...])
            guard let trains = try? block.decode(from: &reader, entryLimit: 1_024, eventLimit: 4_096),
                (try? reader.finish()) != nil
            else { return }
            var again: [UInt8] = []
            block.encode(trains, into: &again)
            demand(again == bytes, "a spike block is written otherwise")
        },
        FuzzSubject("stage", kinds: ["stage"]) { bytes in
            let block = SpikeBlock(unitCount: 5, window: 1_000)
            guard let stage = try? StagePayload(parsing: bytes[...], block: block, slots: 2, geometry: .brainScaleS2)
            else { return }
            demand(stage.encoded(block: block) == bytes, "a stage block is written otherwise")
        },
        FuzzSubject("weights", kinds: ["weights"]) { bytes in
            guard let block = try? WeightBlock(parsing: bytes[...], synapseLimit: 10) else { return }
            demand(block.encoded() == bytes, "a weight block is written otherwise")
            let base: [Int8] = (0..<10).map { Int8($0) - 5 }
            if let image = try? block.image(onto: base, weightLimit: 63) {
                demand(image.count == 10 || block.synapseCount < 10, "an image of another size")
                demand(image.allSatisfy { -63...63 ~= $0 }, "a code above the limit")
            }
        },
        FuzzSubject("result", kinds: ["result"]) { bytes in
            let batch = DeviceBatch(
                id: 4,
                configuration: ChipConfiguration(
                    inputCount: 0, populations: [.init(kind: .spiking, size: 6, targets: QuickChip.targets)],
                    projections: [], window: 1_000, sampleCount: 2, samplePeriod: 250, noiseSeed: 0),
                synapses: SynapseMatrix(codes: []), inputs: SpikeTrains(ends: [0, 0, 0], events: []),
                observables: Observables(spikes: true, membranes: 1..<3))
            var assembly = ResultAssembly(batch: 4, shape: ResultShape(batch, chunkEntries: 3))
            guard let slice = try? assembly.append(bytes[...], checksum: 0) else { return }
            demand(slice.spikes.entryCount == 3 && slice.validity.count == 3, "a slice of another shape")
        },
        FuzzSubject("costs", kinds: ["costs"]) { bytes in
            // Whether they balance is for the host to say (CST-001).
            guard let costs = try? CostsBlock.decode(bytes[...]) else { return }
            demand(
                CostsBlock.encode(costs.accounting, costs.execution) == bytes, "a costs block is written otherwise")
        },
        FuzzSubject("codes", kinds: ["codes"]) { bytes in
            guard let codes = try? CodesBlock.decode(bytes[...]) else { return }
            demand(CodesBlock.encode(codes) == bytes, "codes are written otherwise")
        },
    ]

    /// A frame with the checksums that its bytes have.
    private static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        guard bytes.count >= FrameHeader.byteCount else { return bytes }
        var bytes = bytes
        bytes.store(littleEndian: CRC32C.checksum(bytes[..<60]), at: 60)
        let end = bytes.count - FrameHeader.trailerByteCount
        if end > FrameHeader.byteCount {
            bytes.store(littleEndian: CRC32C.checksum(bytes[FrameHeader.byteCount..<end]), at: end)
        }
        return bytes
    }

    /// Frames with right checksums for the framing of a link: what it joins was sent so.
    private static let fragments = FuzzSubject("fragments", kinds: ["link"]) { bytes in
        var limits = WireLimits()
        (limits.framePayload, limits.controlPayload, limits.message) = (2_048, 4_096, 8_192)
        var framing = LinkFraming(limits: limits)
        var program = FuzzReader(bytes)
        var sequence: UInt64 = 0
        var sent = 0
        while !program.isAtEnd {
            var header = FrameHeader(type: program.byte())
            header.fragment = UInt16(program.byte() & 3)
            header.fragmentCount = UInt16(program.byte() & 3)
            header.totalLength = UInt32(program.byte()) << (program.byte() & 15)
            header.channel = program.byte() & 1 == 0 ? .control : .data
            header.token = UInt32(program.byte() & 1)
            header.sequence = sequence &+ UInt64(program.byte() & 128) / 64
            let payload = program.bytes(Int(program.byte()))
            guard let frame = try? Frame(parsing: Frame.encode(header, payload: payload[...]), limits: limits) else {
                return
            }
            sent += payload.count
            guard let arrival = try? framing.accept(frame) else { return }
            sequence += 1
            switch arrival {
            case .message(let message):
                demand(message.payload.count == Int(header.totalLength), "a message of another length")
                demand(
                    message.payload.count <= limits.message && message.payload.count <= sent, "too long a message")
            case .gap: return
            case .partial, .repeated: break
            }
        }
    }
}
