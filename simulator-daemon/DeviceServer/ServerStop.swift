import Synchronization

/// Asks a running server to stop, from any thread.
public final class ServerStop: Sendable {
    private struct State {
        var reason: String?
        var wake: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Nothing is asked for yet.
    public init() {}

    /// Asks for a stop. The first reason counts; clients are told of it.
    public func request(_ reason: String) {
        let wake = state.withLock { state in
            state.reason = state.reason ?? reason
            return state.wake
        }
        wake?()
    }

    /// Why a stop was asked for; `nil` while none was.
    public var reason: String? { state.withLock { $0.reason } }

    /// Sets what ends the server's wait.
    func attach(wake: @escaping @Sendable () -> Void) {
        state.withLock { $0.wake = wake }
    }
}
