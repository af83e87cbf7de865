import DeviceTransport
import Synchronization

/// One end of a link under test, whatever carries it.
///
/// Noncopyable transports cannot be put together in a list; a class around each can.
protocol LinkEnd: AnyObject, Sendable {
    func send(_ frame: [UInt8]) throws
    func receive(within limit: Duration) throws -> [UInt8]?
    func close()
}

/// An end that writes only while it waits, so that it never blocks.
protocol ListeningEnd: LinkEnd {
    func flush()
}

/// The host's end.
final class HostEnd<Link: Transport & ~Copyable>: LinkEnd {
    private let link: Mutex<Link?>

    init(_ link: consuming Link) { self.link = Mutex(link) }

    func send(_ frame: [UInt8]) throws {
        try link.withLock { link throws in try link?.send(frame) }
    }

    func receive(within limit: Duration) throws -> [UInt8]? {
        try link.withLock { link throws in try link?.receive(within: limit) }
    }

    func close() { link.withLock { $0.take()?.close() } }
}

/// The device's end, as its only peer sees it.
final class DeviceEnd<Link: Listener & ~Copyable>: ListeningEnd {
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var link: Link?
        var peer: LinkPeer?
    }

    init(_ link: consuming Link) { state = Mutex(State(link: link)) }

    func send(_ frame: [UInt8]) throws {
        try state.withLock { state throws in
            guard let peer = state.peer else { throw TransportError(.peerGone, "nobody was heard yet") }
            try state.link?.send(frame, to: peer)
        }
    }

    func receive(within limit: Duration) throws -> [UInt8]? {
        try state.withLock { state throws in
            guard let frame = try state.link?.receive(within: limit) else { return nil }
            state.peer = frame.peer
            return frame.bytes
        }
    }

    func close() {
        state.withLock { state in
            state.link.take()?.close()
            state.peer = nil
        }
    }

    /// Lets the listener write what it could not yet.
    func flush() { state.withLock { state in _ = try? state.link?.receive(within: .zero) } }
}
