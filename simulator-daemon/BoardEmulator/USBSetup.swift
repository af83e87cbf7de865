/// The eight bytes that begin a control request.
public struct USBSetup: Sendable, Hashable {
    /// `bmRequestType`: direction, type and recipient.
    public var requestType: UInt8
    /// `bRequest`.
    public var request: UInt8
    /// `wValue`.
    public var value: UInt16
    /// `wIndex`.
    public var index: UInt16
    /// `wLength`: bytes that the host sends, or takes at most.
    public var length: UInt16

    /// A request with these fields.
    public init(requestType: UInt8, request: UInt8, value: UInt16 = 0, index: UInt16 = 0, length: UInt16 = 0) {
        self.requestType = requestType
        self.request = request
        self.value = value
        self.index = index
        self.length = length
    }

    /// The request in these bytes as they travel; nil if they are not eight.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 8 else { return nil }
        let bytes = [UInt8](bytes)
        func pair(_ at: Int) -> UInt16 { UInt16(bytes[at]) | UInt16(bytes[at + 1]) << 8 }
        self.init(
            requestType: bytes[0], request: bytes[1], value: pair(2), index: pair(4), length: pair(6))
    }

    /// Whether data goes to the host.
    public var isIn: Bool { requestType & 0x80 != 0 }

    /// The bytes as they travel.
    public var bytes: [UInt8] {
        [requestType, request] + [value, index, length].flatMap(\.littleEndianBytes)
    }
}

extension FixedWidthInteger {
    /// The number's bytes, least one first.
    var littleEndianBytes: [UInt8] {
        (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> Self($0 * 8)) }
    }
}
