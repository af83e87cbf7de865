/// A link that carries whole frames, in order, to one peer.
///
/// A transport belongs to one task or thread at a time; it is noncopyable so that the compiler keeps it there.
public protocol Transport: ~Copyable, Sendable {
    /// Sends a frame.
    mutating func send(_ frame: [UInt8]) throws(TransportError)

    /// Sends frames, together where the link can: each burst wakes the other end.
    mutating func send(_ frames: [[UInt8]]) throws(TransportError)

    /// Waits for the next frame; `nil` when none came within the limit.
    mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]?

    /// Ends the link. Frames not yet sent are dropped.
    consuming func close()
}

extension Transport where Self: ~Copyable {
    /// One after the other.
    public mutating func send(_ frames: [[UInt8]]) throws(TransportError) {
        for frame in frames { try send(frame) }
    }
}
