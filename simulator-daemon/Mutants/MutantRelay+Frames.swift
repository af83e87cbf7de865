import WireProtocol

extension MutantRelay {
    /// Deviations below the level of messages: what a device that does not check a frame would take it for.
    func repair(_ bytes: inout [UInt8], _ link: inout RelayLink) {
        let size = FrameHeader.byteCount
        guard bytes.count >= size else { return }
        switch mutant.id {
        case "accepts-bad-magic":
            bytes.replaceSubrange(0..<4, with: [0x56, 0x4C, 0x59, 0x31])
            Self.seal(&bytes)
        case "accepts-bad-header-checksum": Self.seal(&bytes)
        case "believes-payload-length": believe(&bytes)
        case "accepts-superfluous-bytes": bytes.removeLast(max(0, bytes.count - Self.length(of: bytes)))
        case "accepts-bad-payload-checksum":
            guard bytes.count > size + 4 else { return }
            let end = bytes.count - 4
            bytes.store(littleEndian: CRC32C.checksum(bytes[size..<end]), at: end)
        case "ignores-undefined-flags": clear(7, 0x07, &bytes)
        case "ignores-reserved-bytes":
            clear(47, 0, &bytes)
            for offset in 56..<60 { clear(offset, 0, &bytes) }
        case "accepts-other-major": put(1, at: 4, &bytes)
        case "accepts-other-header-length": put(16, at: 5, &bytes)
        case "accepts-other-channel": clear(46, 1, &bytes)
        case "ignores-gaps":
            if let header = try? FrameHeader(parsing: bytes), header.sequence > link.nextFromHost {
                bytes = Self.numbered(bytes, link.nextFromHost)
            }
        case "acts-on-repetitions":
            if let header = try? FrameHeader(parsing: bytes), header.sequence < link.nextFromHost {
                // Taken for a new one: the host's own numbers go on from where they were.
                bytes = Self.numbered(bytes, link.nextFromHost)
                link.nextFromHost -= 1
            }
        case "ignores-fragment-order":
            if let header = try? FrameHeader(parsing: bytes), header.fragmentCount > 1 {
                bytes.store(littleEndian: UInt16(link.renamed[0] ?? 0), at: 12)
                link.renamed[0] = (link.renamed[0] ?? 0) + 1
                Self.seal(&bytes)
            }
        case "joins-unequal-fragments":
            if let header = try? FrameHeader(parsing: bytes), header.fragmentCount > 1 {
                if header.fragment == 0 { link.begun = header }
                bytes.store(littleEndian: link.begun?.token ?? 0, at: 40)
                bytes.store(littleEndian: link.begun?.status.rawValue ?? 0, at: 44)
                bytes.store(littleEndian: link.begun?.deadline ?? 0, at: 52)
                Self.seal(&bytes)
            }
        case "takes-hello-of-any-number":
            if let header = try? FrameHeader(parsing: bytes), header.type == MessageType.hello.rawValue {
                bytes = Self.numbered(bytes, link.nextFromHost)
            }
        case "takes-hello-of-a-session":
            if let header = try? FrameHeader(parsing: bytes), header.type == MessageType.hello.rawValue {
                bytes.store(littleEndian: UInt64(0), at: 16)
                Self.seal(&bytes)
            }
        case "accepts-wrong-totals":
            if let header = try? FrameHeader(parsing: bytes), header.fragmentCount == 1 {
                bytes.store(littleEndian: header.payloadLength, at: 48)
                Self.seal(&bytes)
            }
        case "accepts-fragment-count-zero":
            if let header = try? FrameHeader(parsing: bytes), header.fragmentCount == 0 {
                bytes.store(littleEndian: UInt16(1), at: 14)
                Self.seal(&bytes)
            }
        default: break
        }
    }

    /// Takes the payload for as long as it is, not as it says.
    private func believe(_ bytes: inout [UInt8]) {
        guard let header = try? FrameHeader(parsing: bytes), header.payloadLength > 1 << 20 else { return }
        let count = UInt32(max(0, bytes.count - FrameHeader.byteCount - 4))
        bytes.store(littleEndian: count, at: 8)
        bytes.store(littleEndian: count, at: 48)
        Self.seal(&bytes)
    }

    /// Header, payload and trailer, by the header.
    private static func length(of bytes: [UInt8]) -> Int {
        guard let header = try? FrameHeader(parsing: bytes), header.payloadLength < 1 << 20 else { return bytes.count }
        return FrameHeader.byteCount + (header.payloadLength == 0 ? 0 : Int(header.payloadLength) + 4)
    }

    private func put(_ value: UInt8, at offset: Int, _ bytes: inout [UInt8]) {
        guard CRC32C.checksum(bytes[..<60]) == Self.checksum(in: bytes) else { return }
        bytes[offset] = value
        Self.seal(&bytes)
    }

    private func clear(_ offset: Int, _ mask: UInt8, _ bytes: inout [UInt8]) {
        put(bytes[offset] & mask, at: offset, &bytes)
    }

    private static func checksum(in bytes: [UInt8]) -> UInt32 {
        var reader = ByteReader(bytes[60..<64])
        return (try? reader.read()) ?? 0
    }
}
