import Substrate
import WireProtocol

extension MutantRelay {
    /// What becomes of a message from the device.
    mutating func outgoing(_ original: RelayFrame, _ link: inout RelayLink) -> [RelayFrame] {
        learn(original, &link)
        var frame = original
        if let name = link.renamed[frame.header.request], mutant.id == "ignores-request-numbers" {
            frame.header.request = name
        }
        if mutant.kind == .odd { return odd(frame, &link) }
        if frame.type == .error { return ending(frame) }
        if frame.header.status != .ok { return refusal(frame, &link) }
        switch frame.type {
        case .result, .done: return result(frame, &link)
        case .hello, .open, .acquire, .configure, .query, .report, .list: return reply(frame, &link)
        default: return small(frame)
        }
    }

    private mutating func learn(_ frame: RelayFrame, _ link: inout RelayLink) {
        guard frame.header.status == .ok else {
            if frame.type == .execute { link.hasRefusedExecute = true }
            if frame.type == .execute, frame.header.status == .cancelled { link.cancelled.insert(frame.header.request) }
            return
        }
        switch frame.type {
        case .hello: link.isGreeted = true
        case .done: memory.delivered.insert(frame.fields.number(1))
        case .open:
            link.session = frame.fields.number(1)
            memory.count += 1
            link.home = memory.count
            memory.homes[link.session] = memory.count
            memory.resumeTokens[link.session] = frame.fields.bytes(2)
        case .acquire:
            memory.token = UInt32(truncatingIfNeeded: frame.fields.number(1))
            link.token = memory.token
        case .commit:
            memory.epoch = UInt32(truncatingIfNeeded: frame.fields.number(1))
            memory.image = memory.shadow
        default: break
        }
    }

    private func ending(_ original: RelayFrame) -> [RelayFrame] {
        var frame = original
        switch mutant.id {
        case "ends-links-in-silence": return []
        case "says-malformed-for-all":
            frame.header.status = .malformed
            return [frame]
        default: return [frame]
        }
    }

    private mutating func refusal(_ original: RelayFrame, _ link: inout RelayLink) -> [RelayFrame] {
        var frame = original
        switch (mutant.id, frame.header.status) {
        case ("ends-link-on-unknown-type", .unknownType):
            var error = RelayFrame(.error, payload: frame.payload)
            error.header.status = .unknownType
            error.header.session = frame.header.session
            return [error]
        case ("refuses-without-a-word", _): frame.payload = []
        case ("ends-link-on-bad-hello", .malformed) where frame.type == .hello:
            var error = RelayFrame(.error, payload: frame.payload)
            error.header.status = .malformed
            return [error]
        case ("leaves-repeated-execute-open", .cancelled) where frame.type == .execute: return []
        case ("says-malformed-for-codes", .invalid) where frame.type == .configure:
            frame.header.status = .malformed
        case ("refusals-are-not-final", _): frame.header.flags = .response
        case ("grants-what-is-malformed", .malformed):
            frame.header.status = .ok
            frame.payload = []
        case ("version-without-ours", .version): frame.edit { $0.set(4, nil) }
        case ("looks-at-the-payload-first", .fenced)
        where link.requests[frame.header.request]?.payload == [0xFF, 0xFF, 0xFF]:
            frame.header.status = .malformed
        case ("accepts-old-tokens", .fenced) where frame.type == .renew:
            frame.header.status = .ok
            frame.payload = []
        case ("two-holders", .leaseHeld):
            var grant = ProtobufFields()
            grant.add(1, fixed32: memory.token + 1)
            grant.add(2, 5_000)
            frame.header.status = .ok
            frame.payload = grant.encoded()
        case ("anonymous-holder", .leaseHeld): frame.edit { $0.set(3, nil) }
        case ("takes-too-many-inputs", .invalid) where frame.type == .configure:
            var reply = ProtobufFields()
            reply.add(1, bytes: ContentHash.configuration(link.requests[frame.header.request]?.payload ?? []))
            frame.header.status = .ok
            frame.payload = reply.encoded()
        case ("invalid-for-other-content", .duplicateMismatch): frame.header.status = .invalid
        case ("fault-for-busy", .busy): frame.header.status = .fault
        case ("held-for-expired", .leaseExpired): frame.header.status = .leaseHeld
        case ("result-for-cancelled", .cancelled):
            frame.header.type = MessageType.done.rawValue
            frame.header.status = .ok
            frame.payload = []
        default: break
        }
        return [frame]
    }

    private mutating func small(_ original: RelayFrame) -> [RelayFrame] {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("answers-twice", .ping): return [frame, frame]
        case ("echoes-wrong-request", .renew): frame.header.request += 1
        case ("answers-bulk-on-channel-1", .stage): frame.header.channel = .data
        case ("counts-from-another-epoch", .commit): frame.edit { $0.set(1, .varint($0.number(1) + 1)) }
        default: break
        }
        return [frame]
    }

    private mutating func reply(_ original: RelayFrame, _ link: inout RelayLink) -> [RelayFrame] {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("forgets-the-nonce", .hello): frame.edit { $0.set(5, .bytes(Array(repeating: 0, count: 16))) }
        case ("fresh-boot-id", .hello):
            memory.count += 1
            frame.edit { [memory] in $0.set(6, .fixed64($0.number(6) &+ UInt64(memory.count))) }
        case ("another-serial", .hello): frame.edit { $0.set(7, .fixed64($0.number(7) + 1)) }
        case ("lists-nothing", .open): frame.edit { $0.set(5, nil) }
        case ("lists-nothing", .list): frame.payload = []
        case ("never-expires", .acquire), ("expires-early", .acquire):
            let wish = link.requests[frame.header.request]?.fields.number(1) ?? 0
            frame.edit { $0.set(2, .varint(min(wish, 60_000))) }
        case ("unlimited-leases", .acquire):
            let wish = link.requests[frame.header.request]?.fields.number(1) ?? 0
            frame.edit { $0.set(2, .varint(wish)) }
        case ("repeats-tokens", .acquire): frame.edit { $0.set(1, .fixed32(1)) }
        case ("forgets-the-chip-state", .acquire): frame.edit { $0.set(3, nil) }
        case ("another-configuration-hash", .configure): frame.edit { $0.set(1, .bytes(Array($0.bytes(1).reversed()))) }
        case ("nobody-holds-it", .query): frame.payload = []
        case ("query-is-not-final", .query): frame.header.flags = .response
        case ("counts-batches-twice", .report): frame.edit { $0.set(5, .varint(2 * $0.number(5))) }
        case ("forgets-the-holder", .report): frame.edit { $0.set(16, nil) }
        default: break
        }
        return [frame]
    }

    /// Results; what changes a chunk changes the checksum in DONE too, so that only the deviation shows.
    private mutating func result(_ original: RelayFrame, _ link: inout RelayLink) -> [RelayFrame] {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("no-duplicate-flag", _): frame.header.flags.remove(.duplicate)
        case ("numbers-chunks-from-one", .result): frame.payload[8] += 1
        case ("another-batch-in-chunks", .result): frame.payload[0] ^= 1
        case ("wrong-checksum-of-chunks", .done):
            frame.edit { $0.set(5, .fixed32(UInt32(truncatingIfNeeded: $0.number(5)) ^ 1)) }
        case ("miscounts-chunks", .done): frame.edit { $0.set(4, .varint($0.number(4) + 1)) }
        case ("another-image-in-done", .done): frame.edit { $0.set(8, .fixed32(7)) }
        case ("miscounts-offered", .done): Self.addToCosts([0, 8], &frame)
        case ("unbalanced", .done): Self.addToCosts([40], &frame)
        case ("drops-last-event", .result): Self.dropLastEvent(&frame.payload)
        case ("sorts-spikes-wrongly", .result): Self.swapEvents(&frame.payload)
        case ("undefined-validity", .result):
            if frame.payload.count > 32, frame.payload[16] > 0 { frame.payload[32] |= 0x10 }
        case ("attempt-in-the-codes", .result):
            let request = link.requests[frame.header.request]
            if request?.fields.number(2) ?? 1 > 1 { frame.payload[frame.payload.count - 1] ^= 1 }
        case ("done-before-result", .result): return []
        case ("names-the-last-configuration", .done):
            frame.edit { [memory] in $0.set(7, .bytes(ContentHash.configuration(memory.configuration))) }
        default: break
        }
        if frame.type == .result {
            link.checksums[frame.header.request, default: []].append(littleEndian: CRC32C.checksum(frame.payload[...]))
        } else if let checksums = link.checksums.removeValue(forKey: frame.header.request),
            frame.payload == original.payload
        {
            frame.edit { $0.set(5, .fixed32(CRC32C.checksum(checksums[...]))) }
        }
        return [frame]
    }

    private static func addToCosts(_ offsets: [Int], _ frame: inout RelayFrame) {
        frame.edit { fields in
            var costs = fields.bytes(6)
            for offset in offsets where offset < costs.count { costs[offset] += 1 }
            fields.set(6, .bytes(costs))
        }
    }

    /// Where the spike block of a RESULT payload begins; `nil` where there is none, or it has no events.
    private static func spikes(in payload: [UInt8]) -> (block: Int, entries: Int, events: Int)? {
        var reader = ByteReader(payload[16..<24])
        guard let entries = try? reader.read(UInt32.self), let contents = try? reader.read(UInt32.self),
            contents & 1 == 1
        else { return nil }
        let block = 32 + (Int(entries) + 3) / 4 * 4
        var head = ByteReader(payload[(block + 20)..<(block + 24)])
        guard let events = try? head.read(UInt32.self), events > 0 else { return nil }
        return (block, Int(entries), Int(events))
    }

    private static func dropLastEvent(_ payload: inout [UInt8]) {
        guard let (block, entries, events) = spikes(in: payload) else { return }
        let last = block + 32 + 4 * entries + 4 * (events - 1)
        payload.removeSubrange(last..<last + 4)
        payload.store(littleEndian: UInt32(events - 1), at: block + 20)
        for entry in 0..<entries {
            var reader = ByteReader(payload[(block + 32 + 4 * entry)..<(block + 36 + 4 * entry)])
            if let end = try? reader.read(UInt32.self), end == UInt32(events) {
                payload.store(littleEndian: UInt32(events - 1), at: block + 32 + 4 * entry)
            }
        }
    }

    private static func swapEvents(_ payload: inout [UInt8]) {
        guard let (block, entries, events) = spikes(in: payload), events > 1 else { return }
        let first = block + 32 + 4 * entries
        for offset in 0..<4 { payload.swapAt(first + offset, first + 4 * (events - 1) + offset) }
    }

    /// Oddities that the protocol allows.
    private mutating func odd(_ original: RelayFrame, _ link: inout RelayLink) -> [RelayFrame] {
        var frame = original
        let isControl = frame.type != .result && !frame.payload.isEmpty
        switch mutant.id {
        case "odd-unknown-fields" where isControl:
            frame.edit {
                $0.add(2_000, 12_345)
                $0.add(2_001, fixed64: 1)
                $0.add(2_002, "from a later version")
            }
        case "odd-field-order" where isControl: frame.edit { $0.fields.reverse() }
        case "odd-long-numbers" where isControl: frame.payload = Self.lengthened(frame.fields)
        case "odd-given-twice" where isControl && (frame.type == .hello || frame.type == .acquire):
            frame.edit { fields in
                // The first of two is another number, which does not count.
                guard let second = fields.value(2), case .varint(let value) = second else { return }
                var first = ProtobufFields()
                first.add(2, value + 7)
                fields.fields = first.fields + fields.fields
            }
        case "odd-deadlines": frame.header.deadline = 1_234
        case "odd-short-words" where frame.header.status != .ok:
            frame.edit {
                if $0.has(1) { $0.set(1, .bytes(Array("no".utf8) + $0.bytes(1).filter { 48...57 ~= $0 || $0 == 32 })) }
            }
        default: break
        }
        return [frame]
    }

    /// A message whose integers take a byte more than need be.
    private static func lengthened(_ fields: ProtobufFields) -> [UInt8] {
        fields.fields.flatMap { field -> [UInt8] in
            var one = ProtobufFields()
            one.fields = [field]
            var bytes = one.encoded()
            if case .varint(let value) = field.value, value < 1 << 56 {
                bytes[bytes.count - 1] |= 0x80
                bytes.append(0)
            }
            return bytes
        }
    }
}
