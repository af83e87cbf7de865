import Synchronization

/// Jobs that come from other threads to one that waits for its link: they end the wait.
///
/// Else a batch that is submitted while another runs would leave when the next frame comes, which is that one's result, and
/// the device would have nothing to do until then.
final class Visitors: Sendable {
    private let count = Atomic(0)
    private let isWaiting = Atomic(false)
    private let waker = Mutex<Waker?>(nil)

    /// In a structure: a bare function would be wrapped once more each time that it is looked at.
    private struct Waker {
        var wake: @Sendable () -> Void
    }

    /// Sets what ends a wait; nil where nothing does.
    func wake(by wake: (@Sendable () -> Void)?) {
        waker.withLock { $0 = wake.map(Waker.init) }
    }

    /// Hands a job to the thread.
    func announce(_ enqueue: () -> Void) {
        count.add(1, ordering: .sequentiallyConsistent)
        enqueue()
        // Either the thread sees the count before it waits, or this one sees that it waits.
        if isWaiting.load(ordering: .sequentiallyConsistent) { waker.withLock { $0 }?.wake() }
    }

    /// The job has its turn.
    func admit() {
        count.subtract(1, ordering: .sequentiallyConsistent)
    }

    /// Begins a wait; whether no job has come, so that it may last.
    func beginWait() -> Bool {
        isWaiting.store(true, ordering: .sequentiallyConsistent)
        return count.load(ordering: .sequentiallyConsistent) == 0
    }

    /// Ends a wait.
    func endWait() {
        isWaiting.store(false, ordering: .sequentiallyConsistent)
    }
}
