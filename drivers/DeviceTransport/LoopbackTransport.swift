import Dispatch
import Synchronization

/// One end of a link in memory, for tests and simulations.
public struct LoopbackTransport: Transport, ~Copyable {
    private let outgoing: FrameQueue
    private let incoming: FrameQueue

    /// Makes the two ends of a link and hands each to `body`.
    public static func withPair<Result>(
        _ body: (consuming LoopbackTransport, consuming LoopbackTransport) throws -> Result
    ) rethrows -> Result {
        let there = FrameQueue()
        let back = FrameQueue()
        return try body(
            LoopbackTransport(outgoing: there, incoming: back),
            LoopbackTransport(outgoing: back, incoming: there))
    }

    deinit {
        outgoing.close()
        incoming.close()
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { incoming.wake }

    /// Sends a frame.
    ///
    /// - Throws: `peerGone` when the other end is closed.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        guard outgoing.append(frame) else { throw Self.gone }
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` when the other end is closed and all that it sent has been received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        switch incoming.next(within: limit) {
        case .frame(let frame): return frame
        case .nothing: return nil
        case .closed: throw Self.gone
        }
    }

    /// Ends the link.
    public consuming func close() {}

    private static let gone = TransportError(.peerGone, "the other end of the memory link is closed")
}

/// Frames on their way in one direction.
final class FrameQueue: Sendable {
    /// What a wait ended with.
    enum Arrival {
        case frame([UInt8])
        case nothing
        case closed
    }

    private struct State {
        var frames: [[UInt8]] = []
        var isClosed = false
    }

    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)

    /// Adds a frame; `false` when the direction is closed.
    func append(_ frame: [UInt8]) -> Bool {
        let isOpen = state.withLock { state in
            if !state.isClosed { state.frames.append(frame) }
            return !state.isClosed
        }
        if isOpen { arrivals.signal() }
        return isOpen
    }

    /// Takes the oldest frame, waiting for one within the limit or until a wake-up.
    func next(within limit: Duration) -> Arrival {
        let (seconds, attoseconds) = limit.components
        let nanoseconds = Int(min(seconds, 3_600)) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        let result = arrivals.wait(timeout: .now() + .nanoseconds(max(0, nanoseconds)))
        return state.withLock { state in
            if !state.frames.isEmpty, result == .success { return .frame(state.frames.removeFirst()) }
            if state.isClosed {
                arrivals.signal()
                return .closed
            }
            return .nothing
        }
    }

    /// Ends a wait, or the next one.
    func wake() { arrivals.signal() }

    /// Closes the direction: nothing more is added, and a wait ends once the queue is empty.
    func close() {
        state.withLock { $0.isClosed = true }
        arrivals.signal()
    }
}
