import WireProtocol

extension MutantRelay {
    /// What becomes of a message from a host.
    mutating func incoming(_ frame: RelayFrame, _ link: inout RelayLink) -> Fate {
        remember(frame, link)
        switch frame.type {
        case .hello, .open, .close, .ping, nil: return handshake(frame, &link)
        case .acquire, .renew, .release, .query, .get: return lease(frame, &link)
        case .configure, .weights, .commit, .stage: return writing(frame, &link)
        case .execute, .cancel, .credit, .ack: return batches(frame, &link)
        default:
            return link.isGreeted && link.session == 0 && mutant.id == "acts-before-open"
                ? .answer([frame.response()]) : forward(frame, link)
        }
    }

    /// Goes on, under the token and session that the mutant takes it for.
    private func forward(_ frame: RelayFrame, _ link: RelayLink) -> Fate {
        var frame = frame
        switch mutant.id {
        case "repeats-tokens" where frame.header.token == 1: frame.header.token = memory.token
        case "accepts-other-sessions" where link.session != 0: frame.header.session = link.session
        default: break
        }
        return .forward([frame])
    }

    private mutating func remember(_ frame: RelayFrame, _ link: RelayLink) {
        switch frame.type {
        case .configure: memory.configuration = frame.payload
        case .stage where frame.payload.count > 8:
            memory.blocks[UInt64(frame.payload[0])] = Array(frame.payload.dropFirst(8))
        case .weights where frame.payload.count >= 32:
            var reader = ByteReader(frame.payload[12..<20])
            memory.written = ((try? reader.read()) ?? 0, (try? reader.read()) ?? 0)
            if let block = try? WeightBlock(parsing: frame.payload[...], synapseLimit: 1 << 20) {
                memory.shadow = Self.image(of: block, onto: memory.image)
            }
        default: break
        }
    }

    /// The image that a block gives, whatever it states.
    static func image(of block: WeightBlock, onto base: [Int8]) -> [Int8] {
        var block = block
        // The stated checksum is the one thing that is not looked at.
        for _ in 0..<2 {
            do {
                return try block.image(onto: base, weightLimit: 127)
            } catch {
                guard error.code == .badPayloadChecksum else { return base }
                block.imageChecksum = UInt32(truncatingIfNeeded: error.found)
            }
        }
        return base
    }

    private mutating func handshake(_ original: RelayFrame, _ link: inout RelayLink) -> Fate {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("accepts-any-version", .hello):
            frame.edit {
                var versions = ProtobufFields()
                versions.add(1, 1)
                versions.add(2, 1)
                $0.set(1, .bytes(versions.encoded()))
            }
        case ("ignores-required-features", .hello): frame.edit { $0.set(3, nil) }
        case ("takes-any-nonce", .hello): frame.edit { $0.set(5, .bytes(Array(repeating: 1, count: 16))) }
        case ("ignores-number-of-hello", .hello): frame.header.request = max(1, frame.header.request)
        case ("ignores-message-limit", .hello):
            frame.edit { fields in
                guard var limits = try? fields.message(4) else { return }
                limits.set(2, .varint(16 << 20))
                fields.set(4, .bytes(limits.encoded()))
            }
        case ("refuses-offered-features", .hello) where frame.fields.values(2).count > 20:
            var answer = frame.response()
            answer.fail(.criticalUnknown)
            return .answer([answer])
        case ("ignores-host-limits", .hello):
            frame.edit {
                var limits = ProtobufFields()
                for (index, value) in [1 << 20, 16 << 20, 64 << 10, 2, 4].enumerated() { limits.add(index + 1, value) }
                $0.set(4, .bytes(limits.encoded()))
            }
        case ("accepts-any-text", .open):
            frame.edit { $0.set(2, .bytes(Array(String(decoding: $0.bytes(2), as: UTF8.self).utf8))) }
        case ("answers-before-hello", .ping) where !link.isGreeted: return .answer([frame.response()])
        case ("acts-before-open", .ping) where link.isGreeted && link.session == 0: return .answer([frame.response()])
        case ("resumes-with-any-token", .open):
            frame.edit { [memory] fields in
                if let token = memory.resumeTokens[fields.number(3)] { fields.set(4, .bytes(token)) }
            }
        case ("never-resumes", .open): frame.edit { $0.set(4, .bytes([0])) }
        case ("former-link-lives", .ping) where link.session != 0 && memory.homes[link.session] != link.home:
            return .answer([frame.response()])
        case ("close-keeps-the-lease", .close): return .answer([frame.response()])
        case ("overruns-credit", .open): frame.edit { $0.set(5, .varint(1 << 50)) }
        case ("ignores-request-numbers", _) where frame.header.request <= link.lastRequest && link.session != 0:
            link.renamed[link.lastRequest + 1_000_000] = frame.header.request
            frame.header.request = link.lastRequest + 1_000_000
        case ("never-answers-unknown-types", nil): return .answer([])
        default: break
        }
        return forward(frame, link)
    }

    private mutating func lease(_ original: RelayFrame, _ link: inout RelayLink) -> Fate {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("never-expires", .acquire): frame.payload = [0x08, 0xE0, 0xD4, 0x03]
        case ("expires-early", .acquire): frame.edit { $0.set(1, .varint($0.number(1) / 2)) }
        case ("release-does-nothing", .release): return .answer([frame.response()])
        case ("rejects-unknown-fields", .acquire) where frame.fields.fields.contains { $0.number != 1 }:
            var answer = frame.response()
            answer.fail(.malformed)
            return .answer([answer])
        case ("accepts-any-depth", .acquire) where frame.payload.starts(with: [0xA3, 0x06]): frame.payload = []
        case ("lease-needed-for-get", .get) where link.token == 0:
            var answer = frame.response()
            answer.fail(.leaseExpired)
            return .answer([answer])
        case ("first-of-two-counts", .acquire): frame.edit { if let first = $0.values(1).first { $0.set(1, first) } }
        case ("acts-before-open", _) where link.isGreeted && link.session == 0: return .answer([frame.response()])
        default: break
        }
        return forward(frame, link)
    }

    private mutating func writing(_ original: RelayFrame, _ link: inout RelayLink) -> Fate {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("configures-again", .configure):
            if link.configuration == frame.payload { frame.edit { $0.add(900, 1) } }
            link.configuration = original.payload
        case ("accepts-any-base", .weights): store(memory.epoch, at: 8, when: 2, &frame)
        case ("ignores-image-checksum", .weights), ("clips-weights", .weights):
            if mutant.id == "clips-weights", frame.payload.first == 1 {
                for index in 32..<max(32, frame.payload.count) {
                    let code = Int8(bitPattern: frame.payload[index])
                    frame.payload[index] = UInt8(bitPattern: min(63, max(-63, code)))
                }
            }
            if let block = try? WeightBlock(parsing: frame.payload[...], synapseLimit: 1 << 20) {
                frame.payload.store(
                    littleEndian: CRC32C.checksum(image: Self.image(of: block, onto: memory.image)), at: 16)
            }
        case ("takes-full-images-with-a-base", .weights):
            if frame.payload.count >= 32, frame.payload[0] == 1 {
                frame.payload.store(littleEndian: UInt32(0), at: 8)
            }
        case ("ignores-reserved-of-weights", .weights):
            if frame.payload.count >= 32 { frame.payload.replaceSubrange(24..<32, with: Array(repeating: 0, count: 8)) }
        case ("commits-anything", .commit):
            frame.edit { [memory] fields in
                fields.set(1, .varint(UInt64(memory.written.epoch)))
                fields.set(2, .fixed32(memory.written.checksum))
            }
        case ("sorts-inputs-itself", .stage): Self.sortEvents(&frame.payload)
        case ("ignores-reserved-of-stage", .stage):
            if frame.payload.count > 8 { frame.payload.replaceSubrange(4..<8, with: [0, 0, 0, 0]) }
        case ("takes-any-slot", .stage):
            if frame.payload.count > 8 { frame.payload.replaceSubrange(0..<4, with: [0, 0, 0, 0]) }
        default: break
        }
        return forward(frame, link)
    }

    private func store(_ value: UInt32, at offset: Int, when encoding: UInt8, _ frame: inout RelayFrame) {
        guard frame.payload.count >= 32, frame.payload[0] == encoding, !memory.image.isEmpty else { return }
        frame.payload.store(littleEndian: value, at: offset)
    }

    /// Puts the events of each entry of a STAGE payload in order.
    private static func sortEvents(_ payload: inout [UInt8]) {
        guard payload.count >= 40 else { return }
        var reader = ByteReader(payload[24..<28])
        let entries = Int((try? reader.read(UInt32.self)) ?? 0)
        let start = 40 + 4 * entries
        guard start <= payload.count else { return }
        var ends = ByteReader(payload[40..<start])
        var first = 0
        for _ in 0..<entries {
            let end = Int((try? ends.read(UInt32.self)) ?? 0)
            guard first <= end, start + 4 * end <= payload.count else { return }
            let events = (first..<end).map { Array(payload[start + 4 * $0..<start + 4 * $0 + 4]) }
            let sorted = events.sorted {
                [$0[1], $0[0], $0[3], $0[2]].lexicographicallyPrecedes([$1[1], $1[0], $1[3], $1[2]])
            }
            payload.replaceSubrange(start + 4 * first..<start + 4 * end, with: sorted.flatMap { $0 })
            first = end
        }
    }

    private mutating func batches(_ original: RelayFrame, _ link: inout RelayLink) -> Fate {
        var frame = original
        switch (mutant.id, frame.type) {
        case ("keeps-slot-of-repeated-execute", .execute) where memory.delivered.contains(frame.fields.number(1)):
            frame.edit { $0.set(3, nil) }
        case ("forgets-results", .execute) where !frame.fields.has(3) && frame.fields.number(1) != 0:
            var answer = frame.response()
            answer.fail(.forgotten)
            return .answer([answer])
        case ("refused-execute-empties-its-slot", .execute) where link.hasRefusedExecute:
            link.hasRefusedExecute = false
            var answer = frame.response()
            answer.fail(.invalid)
            return .answer([answer])
        case ("runs-duplicates-again", .execute) where frame.fields.has(3):
            var ack = RelayFrame(.ack, payload: [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F])
            ack.header.session = link.session
            return .forward([ack, frame])
        case ("ignores-content-hash", .execute): Self.rehash(&frame, memory)
        case ("ignores-epoch", .execute): frame.edit { [memory] in $0.set(5, .varint(UInt64(memory.epoch))) }
        case ("keeps-after-ack", .ack): return .answer([])
        case ("ack-frees-everything", .ack):
            frame.payload = [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]
        case ("ignores-cancel", .cancel):
            var reply = ProtobufFields()
            reply.add(1, frame.fields.number(1))
            reply.add(2, 4)
            return .answer([frame.response(reply.encoded())])
        case ("never-answers-cancel", .cancel): return .answer([])
        case ("adds-up-credit", .credit):
            link.credit += frame.fields.number(1)
            frame.edit { [link] in $0.set(1, .varint(link.credit)) }
        case ("ignores-credit", .credit): return .answer([])
        case ("answers-notices", .credit), ("answers-notices", .ack): return .answer([frame.response()])
        case ("acts-before-open", .execute) where link.isGreeted && link.session == 0:
            return .answer([frame.response()])
        default: break
        }
        return forward(frame, link)
    }

    /// Gives EXECUTE the content hash that it should have.
    private static func rehash(_ frame: inout RelayFrame, _ memory: RelayMemory) {
        let fields = frame.fields
        guard let block = memory.blocks[fields.number(3)], let wanted = try? fields.message(7) else { return }
        let first = Int(wanted.number(2))
        let hash = ContentHash.batch(
            configurationHash: fields.bytes(4), imageChecksum: UInt32(truncatingIfNeeded: fields.number(6)),
            observables: .init(
                spikes: wanted.number(1) == 1, membranes: first..<first + Int(wanted.number(3)),
                reference: wanted.double(4)),
            block: block[...])
        frame.edit { $0.set(9, .bytes(hash)) }
    }
}
