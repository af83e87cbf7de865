/// Bytes that break the protocol: what is wrong, where, and what was found instead.
public struct WireError: Error, Sendable, Hashable {
    /// The kinds of violation.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// The bytes end before the structure does.
        case truncated
        /// The first four bytes are not the magic.
        case badMagic
        /// The major version in the header is another one.
        case badVersion
        /// The header's checksum does not match.
        case badHeaderChecksum
        /// The payload's checksum does not match.
        case badPayloadChecksum
        /// A length or count is above its limit.
        case tooLarge
        /// A fragment does not continue its message.
        case badFragment
        /// The message type is unknown.
        case unknownType
        /// A code is none of those that are defined.
        case unknownCode
        /// A reserved field is not zero.
        case reservedNonzero
        /// There are more bytes than the structure takes.
        case trailingBytes
        /// A value is outside its range.
        case outOfRange
        /// Events are out of order or repeated.
        case disorder
        /// A control message cannot be parsed.
        case badControl
        /// Well formed, but not what the configuration or the chip needs.
        case unfit
    }

    /// What is wrong.
    public var code: Code
    /// Where: the offset, in bytes, in the frame or payload that was parsed.
    public var offset: Int
    /// What was expected there, or the limit.
    public var expected: UInt64
    /// What was found.
    public var found: UInt64

    /// A violation at an offset.
    public init(_ code: Code, at offset: Int, expected: UInt64 = 0, found: UInt64 = 0) {
        self.code = code
        self.offset = offset
        self.expected = expected
        self.found = found
    }

    /// The status that a device answers with.
    package var status: WireStatus {
        switch code {
        case .badMagic: .badMagic
        case .badVersion: .version
        case .badHeaderChecksum: .badHeaderCRC
        case .badPayloadChecksum: .badPayloadCRC
        case .tooLarge: .tooLarge
        case .badFragment: .badFragment
        case .unknownType: .unknownType
        case .reservedNonzero: .reservedNonzero
        case .unfit: .invalid
        case .truncated, .unknownCode, .trailingBytes, .outOfRange, .disorder, .badControl:
            .malformed
        }
    }
}

extension WireError: CustomStringConvertible {
    /// The code, the place, and both values.
    public var description: String {
        "\(code.rawValue) at byte \(offset) (expected \(expected), found \(found))"
    }
}
