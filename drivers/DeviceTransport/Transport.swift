/// A link that carries whole frames, in order, to one peer.
///
/// A transport belongs to one task or thread at a time; it is noncopyable so that the compiler keeps it there. Only its waker
/// may be used from anywhere.
public protocol Transport: ~Copyable, Sendable {
    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    var wake: @Sendable () -> Void { get }

    /// Sends a frame.
    mutating func send(_ frame: [UInt8]) throws(TransportError)

    /// Sends frames, together where the link can: each burst wakes the other end.
    mutating func send(_ frames: [[UInt8]]) throws(TransportError)

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]?

    /// Ends the link. Frames not yet sent are dropped.
    consuming func close()
}

extension Transport where Self: ~Copyable {
    /// Nothing: who wants to use a link that cannot be woken waits for the limit.
    public var wake: @Sendable () -> Void { {} }

    /// One after the other.
    public mutating func send(_ frames: [[UInt8]]) throws(TransportError) {
        for frame in frames { try send(frame) }
    }
}
