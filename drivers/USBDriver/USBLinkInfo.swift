/// What a board tells of itself without a link: the answer to LINK_INFO (USB-007).
public struct USBLinkInfo: Sendable, Hashable {
    /// The major versions of the protocol that the board speaks.
    public var majors: ClosedRange<UInt8>
    /// The highest minor version of the highest major.
    public var minor: UInt8
    /// Longest payload of a frame, in bytes.
    public var frameLimit: UInt32
    /// Longest bulk message, in bytes.
    public var messageLimit: UInt32
    /// Longest control message, in bytes.
    public var controlLimit: UInt32
    /// The number that the device drew when it started.
    public var bootID: UInt64
    /// The chip's serial.
    public var serial: UInt64

    /// Bytes of the answer.
    static let byteCount = 32

    /// Reads the answer; nil unless it has 32 bytes and its versions are in order.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, bytes[0] <= bytes[1] else { return nil }
        majors = bytes[0]...bytes[1]
        minor = bytes[2]
        frameLimit = bytes.number(at: 4)
        messageLimit = bytes.number(at: 8)
        controlLimit = bytes.number(at: 12)
        bootID = bytes.number(at: 16)
        serial = bytes.number(at: 24)
    }
}

extension [UInt8] {
    /// The little-endian number at an offset. Traps beyond the end.
    func number<Number: FixedWidthInteger & UnsignedInteger>(at offset: Int) -> Number {
        self[offset..<offset + Number.bitWidth / 8].reversed().reduce(0) { $0 << 8 | Number($1) }
    }
}
