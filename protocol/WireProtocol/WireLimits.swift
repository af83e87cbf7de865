/// What one side of a link accepts (`protocol/SPEC.md`, section 8); the smaller of both sides' figures holds.
public struct WireLimits: Sendable, Hashable {
    /// Most payload bytes of a frame.
    public var framePayload: Int = 1 << 20
    /// Most bytes of a message over all its fragments.
    public var message: Int = 16 << 20
    /// Most bytes of a control message.
    public var controlPayload: Int = 64 << 10
    /// Batches of a session that may be staged or running at a time.
    public var slots: Int = 2
    /// Unacknowledged results that a device keeps.
    public var resultsKept: Int = 4

    /// The defaults of the specification.
    public init() {}

    /// The longest frame under these limits: header, payload, trailer.
    public var frame: Int { FrameHeader.byteCount + framePayload + FrameHeader.trailerByteCount }

    /// The caps that no side may exceed.
    package static let hardFramePayload = 1 << 20
    /// The cap of a message that no side may exceed.
    package static let hardMessage = 64 << 20
    /// The least frame payload that a side may offer, so that a handshake always fits.
    package static let leastFramePayload = 2 << 10

    /// The limits that both sides keep.
    package func agreed(with other: WireLimits) -> WireLimits {
        var result = self
        result.framePayload = min(framePayload, other.framePayload)
        result.message = min(message, other.message)
        result.controlPayload = min(controlPayload, other.controlPayload)
        result.slots = min(slots, other.slots)
        result.resultsKept = min(resultsKept, other.resultsKept)
        return result
    }
}
