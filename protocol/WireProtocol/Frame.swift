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
        var header = header
        header.payloadLength = UInt32(payload.count)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            FrameHeader.byteCount + payload.count + FrameHeader.trailerByteCount)
        header.encode(into: &bytes)
        guard !payload.isEmpty else { return bytes }
        bytes.append(contentsOf: payload)
        bytes.append(littleEndian: CRC32C.checksum(payload))
        return bytes
    }
}
