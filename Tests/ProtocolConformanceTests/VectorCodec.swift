import Foundation
import ProtocolConformance
import Substrate
import WireProtocol

/// What the product's codec makes of a vector, in both directions.
enum VectorCodec {
    /// A refusal with the status that a device answers.
    struct Refusal: Error {
        var status: WireStatus
        var frame: Int?
    }

    /// Decodes the bytes and encodes them again; of a link, the messages that come out.
    static func reencoded(_ vector: FrozenVector) throws -> [[UInt8]] {
        do {
            return try decoded(vector)
        } catch let error as WireError {
            throw Refusal(status: error.status)
        }
    }

    private static func decoded(_ vector: FrozenVector) throws -> [[UInt8]] {
        let bytes = vector.bytes[0]
        switch vector.kind {
        case "crc32c":
            var result: [UInt8] = []
            result.append(
                littleEndian: CRC32C.checksum(FrozenVector.bytes(vector.fields["data"] as? String ?? "")[...]))
            return [result]
        case "frame":
            let frame = try Frame(parsing: bytes, limits: limits(vector))
            // What a link holds a message's first frame against, whatever its number.
            if frame.header.fragment == 0 {
                var first = frame.header
                first.sequence = 0
                var framing = LinkFraming(limits: limits(vector))
                _ = try framing.accept(
                    Frame(parsing: Frame.encode(first, payload: frame.payload), limits: limits(vector)))
            }
            return [Frame.encode(frame.header, payload: frame.payload)]
        case "link": return try link(vector)
        case "spikes":
            let (block, trains) = try spikes(vector, bytes)
            var result: [UInt8] = []
            block.encode(trains, into: &result)
            return [result]
        case "stage":
            let block = SpikeBlock(unitCount: vector.limit("units") ?? 0, window: vector.limit("window") ?? 0)
            let stage = try StagePayload(
                parsing: bytes[...], block: block, slots: vector.limit("slots") ?? 2, geometry: .brainScaleS2)
            return [stage.encoded(block: block)]
        case "weights": return [try weights(vector, bytes)]
        case "costs":
            let costs = try CostsBlock.decode(bytes[...])
            // CST-001 is the reader's to check; a host and a device do.
            guard costs.accounting.balances else { throw Refusal(status: .malformed) }
            return [CostsBlock.encode(costs.accounting, costs.execution)]
        case "codes": return [CodesBlock.encode(try codes(vector, bytes))]
        case "control":
            return [try ControlMessage.reencode(vector.fields["message"] as? String ?? "", bytes[...]) ?? []]
        case "result": return [try result(vector, bytes)]
        case "configuration_hash", "content_hash": return [try encoded(vector)]
        default: throw Refusal(status: .internal)
        }
    }

    /// The bytes that the product's encoder makes of the fields; `nil` where it cannot make them wrong on purpose.
    static func encoded(_ vector: FrozenVector) throws -> [UInt8] {
        let fields = vector.fields
        switch vector.kind {
        case "frame":
            var header = FrameHeader(type: UInt8(vector.number("type") ?? 0))
            header.flags = .init(rawValue: UInt8(vector.number("flags") ?? 0))
            header.fragment = UInt16(vector.number("fragment_index") ?? 0)
            header.fragmentCount = UInt16(vector.number("fragment_count") ?? 1)
            header.session = vector.number("session") ?? 0
            header.sequence = vector.number("sequence") ?? 0
            header.request = vector.number("request") ?? 0
            header.token = UInt32(vector.number("token") ?? 0)
            header.status = WireStatus(rawValue: UInt16(vector.number("status") ?? 0))
            header.channel = vector.number("channel") == 1 ? .data : .control
            header.deadline = UInt32(vector.number("deadline") ?? 0)
            let payload = FrozenVector.bytes(fields["payload"] as? String ?? "")
            header.totalLength = UInt32(vector.number("total_length") ?? UInt64(payload.count))
            return Frame.encode(header, payload: payload[...])
        case "spikes": return spikeBytes(fields)
        case "stage":
            var bytes: [UInt8] = []
            bytes.append(littleEndian: UInt32(vector.number("slot") ?? 0))
            bytes.append(littleEndian: UInt32(0))
            return bytes + spikeBytes(fields["spikes"] as? [String: Any] ?? [:])
        case "costs":
            var accounting = EventAccounting()
            var execution = ExecutionReport()
            let counts = (fields["counts"] as? [Any] ?? []).map { FrozenVector.number($0) ?? 0 }
            let figures = (fields["figures"] as? [Any] ?? []).map { ($0 as? NSNumber)?.doubleValue ?? 0 }
            for (path, value) in zip(countPaths, counts) { accounting[keyPath: path] = value }
            for (path, value) in zip(figurePaths, figures) { execution[keyPath: path] = value }
            return CostsBlock.encode(accounting, execution)
        case "codes":
            return CodesBlock.encode(
                (fields["neurons"] as? [[NSNumber]] ?? []).map { values in
                    let codes = values.map { UInt16(truncatingIfNeeded: $0.intValue) }
                    return NeuronCodes(
                        leak: codes[0], reset: codes[1], threshold: codes[2], tauMem: codes[3],
                        tauSynExcitatory: codes[4],
                        tauSynInhibitory: codes[5], refractory: codes[6], synapticGain: codes[7],
                        cadcOffset: Int16(bitPattern: codes[8]))
                })
        case "control":
            return try control(fields["message"] as? String ?? "", fields["value"] as? [String: Any] ?? [:])
        case "configuration_hash":
            return ContentHash.configuration(try control("Configure", fields["value"] as? [String: Any] ?? [:]))
        case "content_hash":
            let first = Int(vector.number("first_membrane") ?? 0)
            return ContentHash.batch(
                configurationHash: FrozenVector.bytes(fields["configuration_hash"] as? String ?? ""),
                imageChecksum: UInt32(vector.number("image_crc") ?? 0),
                observables: Observables(
                    spikes: fields["spikes"] as? Bool ?? false,
                    membranes: first..<first + Int(vector.number("membrane_count") ?? 0),
                    reference: (fields["reference"] as? NSNumber)?.doubleValue),
                block: spikeBytes(fields["inputs"] as? [String: Any] ?? [:])[...])
        default: return try decoded(vector)[0]
        }
    }

    private static let countPaths: [WritableKeyPath<EventAccounting, UInt64> & Sendable] = [
        \.offered, \.accepted, \.droppedByInputLink, \.droppedByDriver, \.produced, \.delivered, \.droppedByArbitration,
        \.droppedByOutputLink,
    ]

    private static let figurePaths: [WritableKeyPath<ExecutionReport, Double> & Sendable] = [
        \.configurationSeconds, \.weightSeconds, \.windowSeconds, \.gapSeconds, \.readbackSeconds, \.staticEnergy,
        \.eventEnergy, \.sampleEnergy, \.deviceSeconds,
    ]

    private static func limits(_ vector: FrozenVector) -> WireLimits {
        var limits = WireLimits()
        limits.framePayload = vector.limit("frame_payload") ?? limits.framePayload
        limits.message = vector.limit("message") ?? limits.message
        limits.controlPayload = vector.limit("control_payload") ?? limits.controlPayload
        return limits
    }

    private static func link(_ vector: FrozenVector) throws -> [[UInt8]] {
        var framing = LinkFraming(limits: limits(vector))
        var messages: [[UInt8]] = []
        for (index, bytes) in vector.bytes.enumerated() {
            do {
                let frame = try Frame(parsing: bytes, limits: limits(vector))
                // ERROR is acted on whatever its number, as `HostSession` does.
                if frame.header.type == MessageType.error.rawValue {
                    messages.append([frame.header.type] + frame.payload)
                    continue
                }
                switch try framing.accept(frame) {
                case .message(let message): messages.append([message.header.type] + message.payload)
                case .partial, .repeated: break
                case .gap: throw Refusal(status: .sequenceGap, frame: index)
                }
            } catch let error as WireError {
                throw Refusal(status: error.status, frame: index)
            }
        }
        return messages
    }

    private static func spikes(_ vector: FrozenVector, _ bytes: [UInt8]) throws -> (SpikeBlock, SpikeTrains) {
        let block = SpikeBlock(unitCount: vector.limit("units") ?? 0, window: vector.limit("window") ?? 0)
        var reader = ByteReader(bytes[...])
        let trains = try block.decode(from: &reader, entryLimit: 1 << 20, eventLimit: 1 << 20)
        try reader.finish()
        return (block, trains)
    }

    /// What a device makes of WEIGHTS, where it has a configuration of so many synapses, and perhaps an image.
    private static func weights(_ vector: FrozenVector, _ bytes: [UInt8]) throws -> [UInt8] {
        let synapses = vector.limit("synapses")
        let block = try WeightBlock(parsing: bytes[...], synapseLimit: synapses ?? 1 << 24)
        if let synapses, block.synapseCount != synapses { throw Refusal(status: .invalid) }
        let current = (vector.context["current"] as? [NSNumber])?.map { Int8(truncatingIfNeeded: $0.intValue) } ?? []
        if block.encoding == .delta, !current.isEmpty, block.baseEpoch != UInt32(vector.limit("current_epoch") ?? 0) {
            throw Refusal(status: .epochMismatch)
        }
        if block.encoding == .full || vector.context["current"] != nil {
            try apply(block, current, weightLimit: vector.limit("weight_limit") ?? 127)
        }
        return block.encoded()
    }

    private static func apply(_ block: WeightBlock, _ current: [Int8], weightLimit: Int) throws {
        do {
            _ = try block.image(onto: current, weightLimit: weightLimit)
        } catch {
            if error.code == .badPayloadChecksum { throw Refusal(status: .epochMismatch) }
            throw error
        }
    }

    /// What a device makes of a population's codes.
    private static func codes(_ vector: FrozenVector, _ bytes: [UInt8]) throws -> [NeuronCodes] {
        let codes: [NeuronCodes]
        do {
            codes = try CodesBlock.decode(bytes[...])
        } catch { throw Refusal(status: error.status) }
        if let neurons = vector.limit("neurons"), codes.count != neurons { throw Refusal(status: .invalid) }
        let highest = UInt16((1 << (vector.limit("bits") ?? 16)) - 1)
        let isHigh = codes.contains {
            [
                $0.leak, $0.reset, $0.threshold, $0.tauMem, $0.tauSynExcitatory, $0.tauSynInhibitory, $0.refractory,
                $0.synapticGain,
            ]
            .contains { $0 > highest }
        }
        if isHigh { throw Refusal(status: .invalid) }
        return codes
    }

    /// What a host makes of a chunk that it awaits as the fields have it.
    private static func result(_ vector: FrozenVector, _ bytes: [UInt8]) throws -> [UInt8] {
        let samples = vector.fields["samples"] as? [String: Any]
        let columns = Int(vector.number("columns", in: samples ?? [:]) ?? 0)
        let first = Int(vector.number("first_column", in: samples ?? [:]) ?? 0)
        let entries = (vector.fields["validity"] as? String ?? "").count / 2
        var batch = DeviceBatch(
            id: vector.number("batch") ?? 0,
            configuration: ChipConfiguration(
                inputCount: 0,
                populations: [.init(kind: .spiking, size: vector.limit("units") ?? 0, targets: .init(all: 1))],
                projections: [],
                window: vector.limit("window") ?? 1,
                sampleCount: min(65_535, Int(vector.number("samples", in: samples ?? [:]) ?? 0)),
                samplePeriod: Int(vector.number("period", in: samples ?? [:]) ?? 0), noiseSeed: 0),
            synapses: SynapseMatrix(codes: []),
            inputs: SpikeTrains(ends: Array(repeating: 0, count: entries), events: []),
            observables: Observables(
                spikes: vector.fields["spikes"] != nil, membranes: first..<first + min(columns, 1 << 16)))
        batch.configuration.populations[0].size = vector.limit("units") ?? 0
        let shape = ResultShape(batch, chunkEntries: max(1, entries))
        var assembly = ResultAssembly(batch: batch.id, shape: shape)
        let slice = try assembly.append(bytes[...], checksum: CRC32C.checksum(bytes[...]))
        return Array(ResultChunk.encode(slice, of: batch.id, chunk: 0, shape: shape).payload)
    }

    private static func spikeBytes(_ fields: [String: Any]) -> [UInt8] {
        var trains = SpikeTrains()
        for entry in fields["entries"] as? [[[NSNumber]]] ?? [] {
            trains.append(entry.map { SpikeEvent(tick: UInt16(truncating: $0[0]), unit: UInt16(truncating: $0[1])) })
        }
        var bytes: [UInt8] = []
        SpikeBlock(
            unitCount: Int(FrozenVector.number(fields["units"]) ?? 0),
            window: Int(FrozenVector.number(fields["window"]) ?? 0)
        ).encode(trains, into: &bytes)
        return bytes
    }

    /// A control message by way of protobuf's JSON, which wants bytes in base 64 and numbers of 64 bits in decimal digits.
    private static func control(_ name: String, _ value: [String: Any]) throws -> [UInt8] {
        let text = String(decoding: try JSONSerialization.data(withJSONObject: json(value, key: "")), as: UTF8.self)
        return try ControlMessage.encode(name, json: text) ?? []
    }

    private static let byteFields: Set<String> = [
        "nonce", "run", "resume_token", "content_hash", "configuration_hash", "codes", "costs",
    ]

    private static func json(_ value: Any, key: String) -> Any {
        switch value {
        case let object as [String: Any]: Dictionary(uniqueKeysWithValues: object.map { ($0, json($1, key: $0)) })
        case let list as [Any]: list.map { json($0, key: key) }
        case let text as String where byteFields.contains(key): Data(FrozenVector.bytes(text)).base64EncodedString()
        case let text as String where text.hasPrefix("0x"): String(UInt64(text.dropFirst(2), radix: 16) ?? 0)
        case let text as String where text == "inf": "Infinity"
        case let text as String where text == "-inf": "-Infinity"
        default: value
        }
    }
}

extension NeuronTargets {
    /// Targets of one value, for configurations whose neurons do not matter.
    init(all value: Double) {
        self.init(
            leak: value, reset: value, threshold: value, tauMem: value, tauSynExcitatory: value,
            tauSynInhibitory: value,
            refractory: value, synapticGain: value)
    }
}
