/// What a board tells of its link, whatever its bulk endpoints do: the answer to LINK_STATUS (USB-008).
public struct USBLinkStatus: Sendable, Hashable {
    /// Where a link is in its life (10.1 of the specification).
    public enum Phase: UInt8, Sendable, Hashable {
        /// Nothing was said yet.
        case new = 0
        /// HELLO was answered.
        case greeted = 1
        /// A session is open.
        case open = 2
        /// The board has sent ERROR and drops what comes.
        case deaf = 3
    }

    /// The number that the device drew when it started.
    public var bootID: UInt64
    /// Number of the last request that came on the link.
    public var lastRequest: UInt64
    /// Frames that came on the link.
    public var framesReceived: UInt32
    /// Frames that were sent on the link.
    public var framesSent: UInt32
    /// Frames that wait to be sent.
    public var framesWaiting: UInt32
    /// Where the link is in its life.
    public var phase: Phase
    /// Whether a batch runs.
    public var isRunning: Bool

    /// Bytes of the answer.
    static let byteCount = 32

    /// Reads the answer; nil unless it has 32 bytes and a state that is known.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, let phase = Phase(rawValue: bytes[28]) else { return nil }
        bootID = bytes.number(at: 0)
        lastRequest = bytes.number(at: 8)
        framesReceived = bytes.number(at: 16)
        framesSent = bytes.number(at: 20)
        framesWaiting = bytes.number(at: 24)
        self.phase = phase
        isRunning = bytes[29] != 0
    }
}
