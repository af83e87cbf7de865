import Synchronization

/// What the thread of the other end has received, and whether it may stop.
final class Arrived: Sendable {
    private let state = Mutex((frames: [[UInt8]](), isOver: false))

    /// All frames so far.
    var frames: [[UInt8]] { state.withLock { $0.frames } }

    /// Whether nobody waits for the thread's end of the link any more.
    var isOver: Bool {
        get { state.withLock { $0.isOver } }
        set { state.withLock { $0.isOver = newValue } }
    }

    /// Adds a frame.
    func note(_ frame: [UInt8]) {
        state.withLock { $0.frames.append(frame) }
    }
}
