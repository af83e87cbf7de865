public import DeviceTransport
import Synchronization

/// One end of a link under test, whatever carries it.
///
/// Noncopyable transports cannot be put together in a list; a class around each can.
public protocol LinkEnd: AnyObject, Sendable {
    /// Sends a frame.
    func send(_ frame: [UInt8]) throws
    /// Waits for the next frame; nil when none came within the limit.
    func receive(within limit: Duration) throws -> [UInt8]?
    /// Ends a wait for a frame, from any thread.
    var wake: @Sendable () -> Void { get }
    /// Ends the link.
    func close()
}

/// An end that writes only while it waits, so that it never blocks.
public protocol ListeningEnd: LinkEnd {
    /// Writes what waits.
    func flush()
}

/// The host's end.
public final class HostEnd<Link: Transport & ~Copyable>: LinkEnd {
    private let link: Mutex<Link?>
    /// Ends a wait for a frame, from any thread.
    public let wake: @Sendable () -> Void

    /// Takes a link over.
    public init(_ link: consuming Link) {
        wake = link.wake
        self.link = Mutex(link)
    }

    /// Sends a frame.
    public func send(_ frame: [UInt8]) throws {
        try link.withLock { link throws in try link?.send(frame) }
    }

    /// Waits for the next frame; nil when none came within the limit.
    public func receive(within limit: Duration) throws -> [UInt8]? {
        try link.withLock { link throws in try link?.receive(within: limit) }
    }

    /// Ends the link.
    public func close() { link.withLock { $0.take()?.close() } }
}

/// The device's end, as its only peer sees it.
public final class DeviceEnd<Link: Listener & ~Copyable>: ListeningEnd {
    private let state: Mutex<State>
    /// Ends a wait for a frame, from any thread; `receive` goes on with it.
    public let wake: @Sendable () -> Void

    private struct State: ~Copyable {
        var link: Link?
        var peer: LinkPeer?
    }

    /// Takes a link over.
    public init(_ link: consuming Link) {
        wake = link.wake
        state = Mutex(State(link: link))
    }

    /// Sends a frame.
    public func send(_ frame: [UInt8]) throws {
        try state.withLock { state throws in
            guard let peer = state.peer else { throw TransportError(.peerGone, "nobody was heard yet") }
            try state.link?.send(frame, to: peer)
        }
    }

    /// Waits for the next frame; nil when none came within the limit.
    public func receive(within limit: Duration) throws -> [UInt8]? {
        try state.withLock { state throws in
            // A listener may return early, when it was woken for something else.
            let deadline = ContinuousClock.now + limit
            while true {
                let left = max(.zero, ContinuousClock.now.duration(to: deadline))
                if let frame = try state.link?.receive(within: left) {
                    state.peer = frame.peer
                    state.link?.trust(frame.peer)
                    return frame.bytes
                }
                // What has become of links is told before more frames are.
                let events = state.link?.takeEvents() ?? []
                if left == .zero, events.isEmpty { return nil }
            }
        }
    }

    /// Ends the link.
    public func close() {
        state.withLock { state in
            state.link.take()?.close()
            state.peer = nil
        }
    }

    /// Lets the listener write what it could not yet.
    public func flush() { state.withLock { state in _ = try? state.link?.receive(within: .zero) } }
}
