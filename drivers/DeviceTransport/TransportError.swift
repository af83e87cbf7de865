/// Why a link failed.
public struct TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failure.
    public enum Code: String, Sendable, Hashable {
        /// The address cannot be understood.
        case badAddress
        /// A key for encrypted links is missing or cannot be used.
        case badKey
        /// The address is in use, or may not be bound.
        case cannotBind
        /// The address cannot be connected to.
        case cannotConnect
        /// The peer is gone or its queue is full.
        case peerGone
        /// The frame is longer than the link takes.
        case frameTooLong
        /// The system reported an error.
        case system
    }

    /// The kind of failure.
    public var code: Code
    /// The address, and the system's own words.
    public var detail: String
    /// The system's error number, where there is one.
    public var errno: Int32

    /// A failure of a link.
    public init(_ code: Code, _ detail: String, errno: Int32 = 0) {
        self.code = code
        self.detail = detail
        self.errno = errno
    }

    /// The detail and the error number.
    public var description: String {
        errno == 0 ? detail : "\(detail) (errno \(errno))"
    }
}
