import Dispatch
import Synchronization

/// Ends the wait of one thread, from any other; a ring before the wait ends the next one.
final class Doorbell: Sendable {
    private let isRung = Mutex(false)
    private let semaphore = DispatchSemaphore(value: 0)

    /// Ends the wait.
    func ring() {
        let isFirst = isRung.withLock { flag in
            defer { flag = true }
            return !flag
        }
        if isFirst { semaphore.signal() }
    }

    /// Waits for a ring; false when none came within the limit, which is cut to an hour.
    func wait(within limit: Duration) -> Bool {
        let (seconds, attoseconds) = max(.zero, min(limit, .seconds(3_600))).components
        let nanoseconds = Int(seconds) * 1_000_000_000 + Int(attoseconds / 1_000_000_000)
        guard semaphore.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .success else { return false }
        isRung.withLock { $0 = false }
        return true
    }
}
