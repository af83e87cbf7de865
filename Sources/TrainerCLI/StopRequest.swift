import Synchronization

/// Whether the user asked to stop.
final class StopRequest: Sendable {
    private let requested = Atomic(false)

    /// Not asked yet.
    init() {}

    /// Whether the user asked to stop.
    var isRequested: Bool { requested.load(ordering: .relaxed) }

    /// Asks to stop; returns whether that had been asked before.
    func request() -> Bool { requested.exchange(true, ordering: .relaxed) }
}
