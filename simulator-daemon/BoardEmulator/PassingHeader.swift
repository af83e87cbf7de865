/// What a USB function reads in the headers of frames that pass through it (`protocol/SPEC.md`, section 4.1).
///
/// A carrier need not know the protocol; it reads these fields because LINK_STATUS tells them.
struct PassingHeader {
    /// Code of the message's type.
    let type: UInt8
    /// Whether the frame answers a request.
    let isResponse: Bool
    /// Number of the request; 0 for notices.
    let request: UInt64
    /// Status; 0 in requests and in good answers.
    let status: UInt16

    /// Bytes of a header.
    static let byteCount = 64
    /// Type of the greeting.
    static let hello: UInt8 = 0x01
    /// Type of the message that opens a session.
    static let open: UInt8 = 0x02
    /// Type of the message that ends a session.
    static let close: UInt8 = 0x03
    /// Type of the message after which a device is deaf.
    static let error: UInt8 = 0x08

    /// The header of a frame; nil if magic or checksum are wrong (FRM-001).
    init?(of frame: [UInt8]) {
        guard frame.count >= Self.byteCount, frame[..<4] == [0x56, 0x4C, 0x59, 0x31] else { return nil }
        func number(_ at: Int, _ length: Int) -> UInt64 {
            frame[at..<at + length].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard number(60, 4) == UInt64(Self.checksum(of: frame[..<60])) else { return nil }
        type = frame[6]
        isResponse = frame[7] & 1 != 0
        request = number(32, 8)
        status = UInt16(number(44, 2))
    }

    /// CRC32C (section 4.3), bit by bit: sixty bytes a frame are not worth a table.
    private static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        var rest = UInt32.max
        for byte in bytes {
            rest ^= UInt32(byte)
            for _ in 0..<8 { rest = rest >> 1 ^ (rest & 1 == 0 ? 0 : 0x82F6_3B78) }
        }
        return ~rest
    }
}
