/// A frame that arrived, its checksums verified: the header and a view of the payload.
package struct Frame: Sendable {
    /// The header.
    package let header: FrameHeader
    /// The payload, without its trailer.
    package let payload: ArraySlice<UInt8>
    /// CRC32C of the payload; zero when it is empty.
    package let payloadChecksum: UInt32

    /// Parses a whole frame.
    ///
    /// Lengths are held against the limit, then against what is there, before anything else is read.
    /// - Throws: what the header throws, `tooLarge`, `truncated`, `trailingBytes`, `badPayloadChecksum`.
    package init(parsing frame: [UInt8], limits: WireLimits) throws(WireError) {
        header = try FrameHeader(parsing: frame)
        let length = Int(header.payloadLength)
        guard length <= limits.framePayload else {
            throw WireError(
                .tooLarge, at: 8, expected: UInt64(limits.framePayload), found: UInt64(length))
        }
        let end = FrameHeader.byteCount + length
        let expected = end + (length == 0 ? 0 : FrameHeader.trailerByteCount)
        guard frame.count >= expected else {
            throw WireError(
                .truncated, at: frame.count, expected: UInt64(expected), found: UInt64(frame.count))
        }
        guard frame.count == expected else {
            throw WireError(
                .trailingBytes, at: expected, expected: UInt64(expected),
                found: UInt64(frame.count))
        }
        payload = frame[FrameHeader.byteCount..<end]
        guard length > 0 else {
            payloadChecksum = 0
            return
        }
        var trailer = ByteReader(frame[end...])
        payloadChecksum = try trailer.read()
        let computed = CRC32C.checksum(payload)
        guard computed == payloadChecksum else {
            throw WireError(
                .badPayloadChecksum, at: end, expected: UInt64(computed),
                found: UInt64(payloadChecksum))
        }
    }

    /// The bytes of a frame: header, payload, trailer. The header's payload length is set here.
    package static func encode(_ header: FrameHeader, payload: ArraySlice<UInt8>) -> [UInt8] {
        var framed = FramedPayload(capacity: payload.count) { $0.append(contentsOf: payload) }
        return framed.frame(header)
    }
}

/// A payload in the middle of the frame that carries it, with room for the header before it and its checksum behind it:
/// bulk data is written once and sent from there.
package struct FramedPayload: Sendable {
    private var bytes: [UInt8]
    /// CRC32C of the payload; zero when it is empty.
    package let checksum: UInt32

    /// A payload that `write` appends to what it is given, `capacity` bytes long or nearly so.
    package init(capacity: Int, write: (inout [UInt8]) -> Void) {
        bytes = []
        bytes.reserveCapacity(FrameHeader.byteCount + capacity + FrameHeader.trailerByteCount)
        bytes.append(contentsOf: repeatElement(0, count: FrameHeader.byteCount))
        write(&bytes)
        guard bytes.count > FrameHeader.byteCount else {
            checksum = 0
            return
        }
        checksum = CRC32C.checksum(bytes[FrameHeader.byteCount...])
        bytes.append(littleEndian: checksum)
    }

    /// Length of the payload, in bytes.
    package var count: Int { payload.count }

    /// The payload.
    package var payload: ArraySlice<UInt8> {
        let end = bytes.count - FrameHeader.trailerByteCount
        return bytes[FrameHeader.byteCount..<max(end, FrameHeader.byteCount)]
    }

    /// The frame of the whole payload under a header, whose payload length is set here.
    package mutating func frame(_ header: FrameHeader) -> [UInt8] {
        var header = header
        header.payloadLength = UInt32(count)
        var head: [UInt8] = []
        head.reserveCapacity(FrameHeader.byteCount)
        header.encode(into: &head)
        bytes.replaceSubrange(0..<FrameHeader.byteCount, with: head)
        return bytes
    }
}
