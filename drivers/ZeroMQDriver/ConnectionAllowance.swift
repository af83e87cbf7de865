/// What a peer may make the other end of its connection keep, in bytes.
struct ConnectionAllowance: Sendable {
    /// Longest frame that is accepted.
    var frame: Int
    /// Most that is read at a time, but for what a long frame lacks, which is read to where it stays.
    var read: Int
    /// Most that may wait for the peer to take it.
    var waiting: Int

    /// A peer with a session: frames up to a length, and what the credit lets a device send.
    static func trusted(frame: Int) -> Self { Self(frame: frame, read: largestRead, waiting: ZeroMQLimits.queuedBytes) }

    /// A peer without one, who has no more to send than HELLO and OPEN, of 2 KiB each (HEL-007): all of it together stays
    /// far below 64 KiB.
    static func stranger(frame: Int) -> Self {
        Self(
            frame: min(frame, ZeroMQLimits.strangerFrameBytes), read: 4 << 10, waiting: ZeroMQLimits.strangerFrameBytes)
    }

    /// Most bytes that are read at a time from anybody.
    static let largestRead = 64 << 10
}
