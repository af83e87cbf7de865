import Substrate
import Testing
import WireProtocol

@Suite struct CodecTests {
    @Test func checksumHasItsPublishedCheckValue() {
        #expect(CRC32C.checksum(Array("123456789".utf8)[...]) == 0xE306_9283)
        #expect(CRC32C.checksum([]) == 0)
    }

    @Test func checksumAgreesWithTheBitwiseDefinition() {
        var generator = SeededGenerator(seed: 3)
        for count in Array(0..<70) + [3_071, 3_072, 3_079, 6_144, 10_001] {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            var crc = ~UInt32(0)
            for byte in bytes {
                crc ^= UInt32(byte)
                for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
            }
            #expect(CRC32C.checksum(bytes[...]) == ~crc, "\(count) bytes")
            #expect(CRC32C.tabulated(bytes.span) == ~crc, "\(count) bytes")
        }
    }

    @Test func stagedInputsSurviveTheWire() throws {
        for id in 1..<20 as Range<UInt64> {
            let batch = Samples.batch(id)
            let block = SpikeBlock(
                unitCount: batch.configuration.inputCount, window: batch.configuration.window)
            let stage = StagePayload(slot: 1, inputs: batch.inputs)
            let bytes = stage.encoded(block: block)
            let read = try StagePayload(
                parsing: bytes[...], block: block, slots: 2, geometry: .brainScaleS2)
            #expect(read == stage, "batch \(id)")
            for length in 0..<bytes.count {
                #expect(throws: WireError.self, "batch \(id), \(length) bytes") {
                    try StagePayload(
                        parsing: bytes[..<length], block: block, slots: 2, geometry: .brainScaleS2)
                }
            }
        }
    }

    @Test(arguments: [
        ([SpikeEvent(tick: 5, unit: 1), SpikeEvent(tick: 4, unit: 1)], WireError.Code.disorder),
        ([SpikeEvent(tick: 5, unit: 1), SpikeEvent(tick: 5, unit: 1)], .disorder),
        ([SpikeEvent(tick: 5, unit: 1), SpikeEvent(tick: 100, unit: 1)], .outOfRange),
        ([SpikeEvent(tick: 5, unit: 1), SpikeEvent(tick: 6, unit: 8)], .outOfRange),
    ])
    func aWrongEventIsRefusedAtItsPlace(events: [SpikeEvent], code: WireError.Code) {
        let block = SpikeBlock(unitCount: 8, window: 100)
        var bytes: [UInt8] = []
        block.encode(SpikeTrains(ends: [2], events: events), into: &bytes)
        var reader = ByteReader(bytes[...])
        let error = #expect(throws: WireError.self) {
            try block.decode(from: &reader, entryLimit: 4, eventLimit: 9)
        }
        #expect(error?.code == code)
        #expect(error?.offset == 32 + 4 + 4)
    }

    @Test func weightsTravelAsTheShorterForm() throws {
        var generator = SeededGenerator(seed: 9)
        for count in [0, 1, 7, 8, 9, 1_000] {
            for changed in [0, 1, count / 3, count] {
                let old = (0..<count).map { _ in Int8.random(in: -63...63, using: &generator) }
                var new = old
                for index in 0..<min(changed, count) { new[index] = old[index] == 63 ? 0 : 63 }
                let block = WeightBlock(
                    image: new, imageChecksum: CRC32C.checksum(image: new), epoch: 5,
                    base: (old, 4))
                let read = try WeightBlock(parsing: block.encoded()[...], synapseLimit: count)
                #expect(read == block)
                #expect(try read.image(onto: old, weightLimit: 63) == new)
                #expect(block.encoded().count <= WeightBlock.headByteCount + count)
                if count == 1_000 {
                    #expect(block.encoding == (changed == count ? .full : .delta))
                }
            }
        }
    }

    @Test func aDeltaOntoAnotherImageIsFound() throws {
        let new: [Int8] = Array(repeating: 3, count: 63) + [7]
        let block = WeightBlock(
            image: new, imageChecksum: CRC32C.checksum(image: new), epoch: 2,
            base: (Array(repeating: 3, count: 64), 1))
        #expect(block.encoding == .delta)
        let error = #expect(throws: WireError.self) {
            try block.image(onto: Array(repeating: 4, count: 64), weightLimit: 63)
        }
        #expect(error?.code == .badPayloadChecksum)
        #expect(throws: WireError.self) {
            try block.image(onto: Array(repeating: 3, count: 64), weightLimit: 6)
        }
    }

    @Test func resultsSurviveAnyChunking() throws {
        for id in 1..<16 as Range<UInt64> {
            let batch = Samples.batch(id)
            let recording = Samples.recording(batch)
            for entries in 1...5 {
                let shape = ResultShape(batch, chunkEntries: entries)
                var assembly = ResultAssembly(batch: id, shape: shape)
                var slices: [RecordingSlice] = []
                for (chunk, slice) in recording.slices(of: entries).enumerated() {
                    let bytes = ResultChunk.encode(slice, of: id, chunk: chunk, shape: shape).payload
                    for length in 0..<bytes.count {
                        var copy = assembly
                        #expect(throws: WireError.self) {
                            _ = try copy.append(bytes.prefix(length), checksum: 0)
                        }
                    }
                    slices.append(try assembly.append(bytes, checksum: 0))
                    #expect(slices.last == slice, "batch \(id), slice \(chunk) of \(entries) entries")
                }
                #expect(assembly.isComplete)
                #expect(
                    Recording(joining: slices, totals: recording.totals) == recording,
                    "batch \(id), \(entries) entries a chunk")
            }
        }
    }

    @Test func fragmentsArePutTogetherAgain() throws {
        var limits = WireLimits()
        limits.framePayload = 2_048
        for count in [0, 1, 2_047, 2_048, 2_049, 10_000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
            var sender = LinkFraming(limits: limits)
            var receiver = LinkFraming(limits: limits)
            let frames = sender.frames(
                FrameHeader(type: MessageType.stage.rawValue), payload: payload[...])
            var messages: [[UInt8]] = []
            for bytes in frames {
                let frame = try Frame(parsing: bytes, limits: limits)
                if case .message(let message) = try receiver.accept(frame) {
                    messages.append(Array(message.payload))
                    #expect(message.payloadChecksum == CRC32C.checksum(payload[...]))
                }
                guard case .repeated = try receiver.accept(frame) else {
                    Issue.record("a repeated frame is taken")
                    return
                }
            }
            #expect(messages == [payload], "\(count) bytes")
        }
    }

    @Test func parameterCodesSurviveTheWire() throws {
        var generator = SeededGenerator(seed: 5)
        func code() -> UInt16 { UInt16.random(in: 0...1_023, using: &generator) }
        let codes = (0..<7).map { _ in
            NeuronCodes(
                leak: code(), reset: code(), threshold: code(), tauMem: code(),
                tauSynExcitatory: code(), tauSynInhibitory: code(), refractory: code(),
                synapticGain: code(), cadcOffset: Int16.random(in: -128...127, using: &generator))
        }
        let bytes = CodesBlock.encode(codes)
        #expect(bytes.count == 7 * 18)
        #expect(try CodesBlock.decode(bytes[...]) == codes)
        #expect(try CodesBlock.decode([]) == [])
        for length in 1..<18 {
            #expect(throws: WireError.self) { try CodesBlock.decode(bytes[..<length]) }
        }
    }

    @Test func costsSurviveTheWire() throws {
        let recording = Samples.recording(Samples.batch(3))
        let bytes = CostsBlock.encode(recording.accounting, recording.execution)
        #expect(bytes.count == CostsBlock.byteCount)
        let (accounting, execution) = try CostsBlock.decode(bytes[...])
        #expect(accounting == recording.accounting)
        #expect(execution == recording.execution)
    }

    @Test func bulkDataIsFastEnough() throws {
        let entries = 100
        var generator = SeededGenerator(seed: 1)
        let configuration = Samples.configuration
        let batch = DeviceBatch(
            id: 1, configuration: configuration,
            synapses: SynapseMatrix(silentFor: configuration),
            inputs: SpikeTrains(ends: Array(repeating: 0, count: entries), events: []),
            observables: Observables(spikes: true, membranes: 0..<6))
        var recording = Samples.recording(batch)
        recording.spikes = Samples.trains(
            entries: entries, units: 6, window: 1_000, most: 2_000, &generator)
        let shape = ResultShape(batch, chunkEntries: entries)
        let codes = Array(repeating: UInt8(9), count: 1 << 20)
        let clock = ContinuousClock()
        var sum: UInt32 = 0
        let checking = clock.measure { for _ in 0..<50 { sum ^= CRC32C.checksum(codes[...]) } }
        let slice = recording.slices(of: entries)[0]
        var bytes: ArraySlice<UInt8> = []
        let encoding = clock.measure {
            for _ in 0..<20 {
                bytes = ResultChunk.encode(slice, of: 1, chunk: 0, shape: shape).payload
            }
        }
        var count = 0
        let decoding = try clock.measure {
            for _ in 0..<20 {
                var assembly = ResultAssembly(batch: 1, shape: shape)
                count += try assembly.append(bytes, checksum: 0).entries.count / entries
            }
        }
        let events = Double(recording.spikes.eventCount) * 20
        let rates = (
            crc: 50 * 1.048_576e-3 / (checking / .seconds(1)),
            encode: events / (encoding / .seconds(1)) / 1e6,
            decode: events / (decoding / .seconds(1)) / 1e6
        )
        print("CRC32C \(rates.crc) GB/s, encode \(rates.encode) M events/s, decode \(rates.decode)", sum)
        #expect(count == 20)
        // A tenth of what a quiet machine does: a shared one must not fail for its neighbours.
        #expect(rates.crc > 0.2 && rates.encode > 10 && rates.decode > 10, "\(rates)")
    }
}
