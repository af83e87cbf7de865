public import DeviceTransport

/// A listener with a mutant's relay in front of it: `volleyd --mutant` serves through one.
public struct MutantListener<Base: Listener & ~Copyable>: Listener, ~Copyable {
    private var base: Base
    private var relay: MutantRelay
    private var waiting: [IncomingFrame] = []

    /// Puts a mutant in front of a listener.
    package init(_ base: consuming Base, mutant: Mutant) {
        self.base = base
        relay = MutantRelay(mutant)
    }

    /// Where the listener listens.
    public var address: DeviceURI { base.address }

    /// Ends a `receive` that is waiting.
    public var wake: @Sendable () -> Void { base.wake }

    /// Waits for the next frame that the mutant lets through; `nil` when none came within the limit, or it let none through.
    public mutating func receive(within limit: Duration) throws(TransportError) -> IncomingFrame? {
        guard waiting.isEmpty else { return waiting.removeFirst() }
        guard let frame = try base.receive(within: limit) else { return nil }
        let (toDevice, toHost) = relay.receive(frame.bytes, from: frame.peer)
        for bytes in toHost { try base.send(bytes, to: frame.peer) }
        waiting = toDevice.map { IncomingFrame(peer: frame.peer, bytes: $0) }
        return waiting.isEmpty ? nil : waiting.removeFirst()
    }

    /// Sends what the mutant makes of a frame.
    ///
    /// - Throws: What the listener throws.
    public mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError) {
        for bytes in relay.send(frame, to: peer) { try base.send(bytes, to: peer) }
    }

    /// Takes what has become of links.
    public mutating func takeEvents() -> [LinkEvent] { base.takeEvents() }

    /// Says that a peer has opened a session.
    public mutating func trust(_ peer: LinkPeer) { base.trust(peer) }

    /// Says whether the device runs a batch.
    public mutating func note(isBatchRunning: Bool) { base.note(isBatchRunning: isBatchRunning) }

    /// Ends the link to every peer.
    public consuming func close() { base.close() }
}
