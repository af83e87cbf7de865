/// Names a transfer that was submitted to a function.
public struct USBTransferID: Sendable, Hashable {
    let number: UInt64
}

/// What has become of a transfer, in the words of a host's USB stack: one URB.
public struct USBTransferResult: Sendable, Hashable {
    /// How a transfer ended.
    public enum Status: Sendable, Hashable {
        /// All went well, though perhaps with fewer bytes than asked for.
        case completed
        /// The endpoint is halted (`EPIPE`).
        case stalled
        /// The board sent more than the transfer had room for (`EOVERFLOW`).
        case overflow
        /// No answer, or a broken one (`EPROTO`).
        case failed
        /// The host cancelled it.
        case cancelled
        /// The board was unplugged (`ENODEV`).
        case gone
    }

    /// How the transfer ended.
    public var status: Status
    /// What came from the board.
    public var bytes: [UInt8]
    /// Bytes that travelled in either direction.
    public var count: Int

    /// A result of a transfer to the host.
    init(_ status: Status, bytes: [UInt8]) {
        self.status = status
        self.bytes = bytes
        count = bytes.count
    }

    /// A result of a transfer to the board.
    init(_ status: Status, count: Int = 0) {
        self.status = status
        bytes = []
        self.count = count
    }
}

/// The answer to a control request.
public enum USBControlResult: Sendable, Hashable {
    /// Done; what the board has to say, at most as much as the host asked for.
    case data([UInt8])
    /// Refused.
    case stall
    /// Nobody is there.
    case gone
}
