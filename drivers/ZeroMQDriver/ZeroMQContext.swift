import CZeroMQ

/// A libzmq context: the I/O thread behind a process's sockets.
///
/// Unchecked, because libzmq's contexts (unlike its sockets) may be used from any thread.
public final class ZeroMQContext: @unchecked Sendable {
    /// The context that sockets use unless they are given another.
    public static let shared = ZeroMQContext()

    let handle: UnsafeMutableRawPointer

    /// A context of its own, with one I/O thread (enough for 1 GB/s and more).
    ///
    /// Traps if the system has no memory or descriptors left for it.
    public init() {
        guard let handle = zmq_ctx_new() else {
            preconditionFailure("libzmq has no context: \(ZeroMQSocket.errorText(zmq_errno()))")
        }
        self.handle = handle
    }

    /// Each socket keeps its context, so none is left here and nothing is waited for.
    deinit { zmq_ctx_term(handle) }
}
