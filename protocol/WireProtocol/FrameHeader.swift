/// The 64 bytes that open every frame (`protocol/SPEC.md`, section 4.1).
public struct FrameHeader: Sendable, Hashable {
    /// Length of a header, in bytes.
    public static let byteCount = 64
    /// Length of the checksum after a payload that is not empty, in bytes.
    public static let trailerByteCount = 4
    /// The major version that this package speaks.
    public static let majorVersion: UInt8 = 1
    /// The highest minor version that this package speaks.
    public static let minorVersion: UInt32 = 0

    /// Marks of a frame.
    public struct Flags: OptionSet, Sendable, Hashable {
        /// The wire's byte.
        public let rawValue: UInt8
        /// Marks by their byte.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Answers a request.
        public static let response = Flags(rawValue: 1)
        /// Nothing more follows for this request.
        public static let final = Flags(rawValue: 2)
        /// Comes from a kept result.
        public static let duplicate = Flags(rawValue: 4)
        /// All marks that are defined.
        static let defined: Flags = [.response, .final, .duplicate]
    }

    /// Kinds of traffic that may overtake each other.
    public enum Channel: UInt8, Sendable, Hashable {
        /// Requests and short answers.
        case control = 0
        /// Bulk data.
        case data = 1
    }

    /// Code of the message type; kept as a number since a newer peer may send one that is not known here.
    public var type: UInt8
    /// Marks.
    public var flags: Flags = []
    /// Payload bytes of this frame.
    public var payloadLength: UInt32 = 0
    /// Number of this fragment within its message.
    public var fragment: UInt16 = 0
    /// Fragments of the message.
    public var fragmentCount: UInt16 = 1
    /// The session, zero before it is open.
    public var session: UInt64 = 0
    /// Number of the frame on its link and in its direction.
    public var sequence: UInt64 = 0
    /// Number of the request, echoed in its responses.
    public var request: UInt64 = 0
    /// Fencing token of the lease, zero where none is needed.
    public var token: UInt32 = 0
    /// Outcome, in responses.
    public var status: WireStatus = .ok
    /// Kind of traffic.
    public var channel: Channel = .control
    /// Payload bytes of the whole message.
    public var totalLength: UInt32 = 0
    /// Milliseconds that the sender will wait, zero for the default.
    public var deadline: UInt32 = 0

    /// A header of a message type, everything else at rest.
    public init(type: UInt8) { self.type = type }

    private static let magic: UInt32 = 0x3159_4C56

    /// Appends the header with its checksum.
    package func encode(into bytes: inout [UInt8]) {
        let start = bytes.count
        bytes.append(littleEndian: Self.magic)
        bytes.append(Self.majorVersion)
        bytes.append(UInt8(Self.byteCount / 4))
        bytes.append(type)
        bytes.append(flags.rawValue)
        bytes.append(littleEndian: payloadLength)
        bytes.append(littleEndian: fragment)
        bytes.append(littleEndian: fragmentCount)
        bytes.append(littleEndian: session)
        bytes.append(littleEndian: sequence)
        bytes.append(littleEndian: request)
        bytes.append(littleEndian: token)
        bytes.append(littleEndian: status.rawValue)
        bytes.append(channel.rawValue)
        bytes.append(0)
        bytes.append(littleEndian: totalLength)
        bytes.append(littleEndian: deadline)
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: CRC32C.checksum(bytes[start...]))
    }

    /// Parses the header of a frame; nothing in it is believed before its checksum matches.
    ///
    /// - Throws: `truncated`, `badMagic`, `badHeaderChecksum`, `badVersion`, `reservedNonzero`, `unknownCode`.
    package init(parsing frame: [UInt8]) throws(WireError) {
        var reader = ByteReader(frame[...])
        let magic = try reader.read(UInt32.self)
        guard magic == Self.magic else {
            throw WireError(.badMagic, at: 0, expected: UInt64(Self.magic), found: UInt64(magic))
        }
        try reader.require(Self.byteCount - 4)
        let computed = CRC32C.checksum(frame[..<60])
        var tail = ByteReader(frame[60..<64])
        let stated = try tail.read(UInt32.self)
        guard computed == stated else {
            throw WireError(
                .badHeaderChecksum, at: 60, expected: UInt64(computed), found: UInt64(stated))
        }
        let major = try reader.read(UInt8.self)
        guard major == Self.majorVersion else {
            throw WireError(
                .badVersion, at: 4, expected: UInt64(Self.majorVersion), found: UInt64(major))
        }
        let words = try reader.read(UInt8.self)
        guard words == Self.byteCount / 4 else {
            throw WireError(
                .outOfRange, at: 5, expected: UInt64(Self.byteCount / 4), found: UInt64(words))
        }
        type = try reader.read()
        flags = Flags(rawValue: try reader.read())
        guard flags.isSubset(of: .defined) else {
            throw WireError(.reservedNonzero, at: 7, found: UInt64(flags.rawValue))
        }
        payloadLength = try reader.read()
        fragment = try reader.read()
        fragmentCount = try reader.read()
        session = try reader.read()
        sequence = try reader.read()
        request = try reader.read()
        token = try reader.read()
        status = WireStatus(rawValue: try reader.read())
        let channelCode = try reader.read(UInt8.self)
        guard let channel = Channel(rawValue: channelCode) else {
            throw WireError(.unknownCode, at: 46, expected: 1, found: UInt64(channelCode))
        }
        self.channel = channel
        try reader.readReserved(UInt8.self)
        totalLength = try reader.read()
        deadline = try reader.read()
        try reader.readReserved(UInt32.self)
    }
}
