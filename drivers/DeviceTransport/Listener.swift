/// A link's serving end: whole frames from many peers, each in order, and answers to each of them.
///
/// A listener belongs to one thread at a time; only its waker may be used from anywhere.
public protocol Listener: ~Copyable, Sendable {
    /// Where the listener listens, with the port that it really got.
    var address: DeviceURI { get }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    var wake: @Sendable () -> Void { get }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    mutating func receive(within limit: Duration) throws(TransportError) -> IncomingFrame?

    /// Sends a frame to a peer that has been heard.
    ///
    /// - Throws: `peerGone` when the peer has left or takes no more frames.
    mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError)

    /// Sends frames to a peer that has been heard, together where the link can: each burst wakes the other end.
    ///
    /// - Throws: `peerGone` when the peer has left or takes no more frames.
    mutating func send(_ frames: [[UInt8]], to peer: LinkPeer) throws(TransportError)

    /// Takes what has become of links since the last call, beside frames. `receive` returns early when something has.
    mutating func takeEvents() -> [LinkEvent]

    /// Says that a peer has opened a session: a link that can tell peers apart keeps no long frames for others.
    mutating func trust(_ peer: LinkPeer)

    /// Says whether the device runs a batch, for links that tell it without a frame.
    mutating func note(isBatchRunning: Bool)

    /// Ends the link to every peer. Frames not yet sent are dropped.
    consuming func close()
}

extension Listener where Self: ~Copyable {
    /// One after the other.
    public mutating func send(_ frames: [[UInt8]], to peer: LinkPeer) throws(TransportError) {
        for frame in frames { try send(frame, to: peer) }
    }

    /// Nothing: most links tell by frames and silence alone.
    public mutating func takeEvents() -> [LinkEvent] { [] }

    /// Nothing: most links have one limit for all.
    public mutating func trust(_ peer: LinkPeer) {}

    /// Tells nobody.
    public mutating func note(isBatchRunning: Bool) {}
}

/// What a link tells its serving end without a frame.
public enum LinkEvent: Sendable, Hashable {
    /// The link to a peer has ended; nothing more comes from it, and nothing reaches it.
    case ended(LinkPeer)
    /// A peer gives up the batch of its request of this number, past all frames (`protocol/SPEC.md`, USB-006).
    case abort(request: UInt64, LinkPeer)
}

/// A frame and the peer that sent it.
public struct IncomingFrame: Sendable {
    /// The peer that sent the frame.
    public var peer: LinkPeer
    /// The frame's bytes.
    public var bytes: [UInt8]

    /// A frame from a peer.
    public init(peer: LinkPeer, bytes: [UInt8]) {
        self.peer = peer
        self.bytes = bytes
    }
}

/// Names a peer for as long as its link lives; a peer that comes back gets another name.
public struct LinkPeer: Sendable, Hashable {
    /// The link's own bytes for the peer.
    public var bytes: [UInt8]

    /// The peer that the link knows by these bytes.
    public init(bytes: [UInt8]) {
        self.bytes = bytes
    }
}
