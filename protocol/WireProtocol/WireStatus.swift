/// Status codes of responses, and what may be done after them (`protocol/SPEC.md`, section 9).
///
/// A struct, not an enumeration: a newer peer may send a number that this side does not know.
public struct WireStatus: RawRepresentable, Sendable, Hashable {
    /// The number on the wire.
    public let rawValue: UInt16
    /// A status by its number.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// What a host may do after a failure.
    public enum Retry: String, Sendable, Hashable {
        /// The same request will fail again.
        case never
        /// The same request may be sent again, later.
        case same
        /// The link must be opened anew first.
        case link
        /// The lease must be acquired first.
        case lease
    }

    /// All is well.
    public static let ok = WireStatus(rawValue: 0x0000)
    /// The first four bytes are not the magic.
    public static let badMagic = WireStatus(rawValue: 0x0101)
    /// The header's checksum does not match.
    public static let badHeaderCRC = WireStatus(rawValue: 0x0102)
    /// The payload's checksum does not match.
    public static let badPayloadCRC = WireStatus(rawValue: 0x0103)
    /// A frame or message is longer than the limit.
    public static let tooLarge = WireStatus(rawValue: 0x0104)
    /// A fragment does not continue its message.
    public static let badFragment = WireStatus(rawValue: 0x0105)
    /// No common version.
    public static let version = WireStatus(rawValue: 0x0106)
    /// The message type is unknown.
    public static let unknownType = WireStatus(rawValue: 0x0107)
    /// The payload cannot be parsed.
    public static let malformed = WireStatus(rawValue: 0x0108)
    /// A reserved field is not zero.
    public static let reservedNonzero = WireStatus(rawValue: 0x0109)
    /// Frames are missing.
    public static let sequenceGap = WireStatus(rawValue: 0x010A)
    /// More was sent than was granted.
    public static let creditExceeded = WireStatus(rawValue: 0x010B)
    /// The message does not belong in this state.
    public static let state = WireStatus(rawValue: 0x010C)
    /// A required feature is unknown.
    public static let criticalUnknown = WireStatus(rawValue: 0x010D)
    /// The peer or its session is not known.
    public static let noSession = WireStatus(rawValue: 0x0201)
    /// Another session has the lease.
    public static let leaseHeld = WireStatus(rawValue: 0x0204)
    /// The lease ended and nobody else has it.
    public static let leaseExpired = WireStatus(rawValue: 0x0205)
    /// The lease passed to another session.
    public static let fenced = WireStatus(rawValue: 0x0206)
    /// A value does not fit the device.
    public static let invalid = WireStatus(rawValue: 0x0301)
    /// The device does not do this.
    public static let notSupported = WireStatus(rawValue: 0x0303)
    /// The weights or the configuration are not those that the request names.
    public static let epochMismatch = WireStatus(rawValue: 0x0304)
    /// The same batch was executed with another content.
    public static let duplicateMismatch = WireStatus(rawValue: 0x0306)
    /// The device holds nothing of this batch.
    public static let forgotten = WireStatus(rawValue: 0x0308)
    /// The batch was cancelled.
    public static let cancelled = WireStatus(rawValue: 0x0309)
    /// No slot or no place for the result is free.
    public static let busy = WireStatus(rawValue: 0x0401)
    /// The device failed.
    public static let fault = WireStatus(rawValue: 0x0407)
    /// The device broke its own rules.
    public static let `internal` = WireStatus(rawValue: 0x0501)
    /// The device is leaving.
    public static let shuttingDown = WireStatus(rawValue: 0x0504)

    /// What a host may do after this status; an unknown number is final.
    public var retry: Retry {
        switch self {
        case .badMagic, .badHeaderCRC, .badPayloadCRC, .badFragment, .sequenceGap, .creditExceeded,
            .noSession, .shuttingDown:
            .link
        case .leaseHeld, .busy: .same
        case .leaseExpired: .lease
        default: .never
        }
    }
}

extension WireStatus: CustomStringConvertible {
    /// The name in the specification, or the number.
    public var description: String {
        Self.names[self] ?? "0x" + String(rawValue, radix: 16)
    }

    private static let names: [WireStatus: String] = [
        .ok: "OK", .badMagic: "BAD_MAGIC", .badHeaderCRC: "BAD_HEADER_CRC",
        .badPayloadCRC: "BAD_PAYLOAD_CRC", .tooLarge: "TOO_LARGE", .badFragment: "BAD_FRAGMENT",
        .version: "VERSION", .unknownType: "UNKNOWN_TYPE", .malformed: "MALFORMED",
        .reservedNonzero: "RESERVED_NONZERO", .sequenceGap: "SEQUENCE_GAP",
        .creditExceeded: "CREDIT_EXCEEDED", .state: "STATE", .criticalUnknown: "CRITICAL_UNKNOWN",
        .noSession: "NO_SESSION", .leaseHeld: "LEASE_HELD", .leaseExpired: "LEASE_EXPIRED",
        .fenced: "FENCED", .invalid: "INVALID", .notSupported: "NOT_SUPPORTED",
        .epochMismatch: "EPOCH_MISMATCH", .duplicateMismatch: "DUPLICATE_MISMATCH",
        .forgotten: "FORGOTTEN", .cancelled: "CANCELLED", .busy: "BUSY", .fault: "FAULT",
        .internal: "INTERNAL", .shuttingDown: "SHUTTING_DOWN",
    ]
}
