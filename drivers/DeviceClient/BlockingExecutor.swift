import Dispatch
import Synchronization

/// An actor's executor on a thread of its own, which may therefore block, with a timer on the same thread.
///
/// The timer does not depend on the shared thread pool: it fires while the host's computation keeps every pool thread.
final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue
    private let visitors = Visitors()
    private let timer = Mutex<TimerBox?>(nil)

    /// Keeps a timer, which only the mutex's holder touches.
    private struct TimerBox: @unchecked Sendable {
        var source: any DispatchSourceTimer
    }

    /// An executor whose thread has a name for debuggers.
    init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
        queue.setSpecific(key: Self.owner, value: ObjectIdentifier(queue))
    }

    /// Another executor on the same thread.
    init(sharing other: BlockingExecutor) {
        queue = other.queue
    }

    deinit {
        timer.withLock { $0?.source.cancel() }
    }

    /// Runs a job of the actor. One that comes from another thread ends a wait.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        guard DispatchQueue.getSpecific(key: Self.owner) != ObjectIdentifier(queue) else {
            return queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
        }
        visitors.announce {
            queue.async {
                self.visitors.admit()
                unsafe job.runSynchronously(on: self.asUnownedSerialExecutor())
            }
        }
    }

    /// Sets what ends a wait of this thread; nil where nothing does.
    func wake(by wake: (@Sendable () -> Void)?) { visitors.wake(by: wake) }

    /// Waits on this thread: `body` gets the limit, or zero where a job has come meanwhile.
    func wait<Result, Failure>(
        within limit: Duration, _ body: (Duration) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let isAlone = visitors.beginWait()
        defer { visitors.endWait() }
        return try body(isAlone ? limit : .zero)
    }

    private static let owner = DispatchSpecificKey<ObjectIdentifier>()

    /// Traps when called from another thread.
    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }

    /// Calls `action` on the executor's thread again and again, until `stopTimer`.
    func startTimer(every interval: DispatchTimeInterval, _ action: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeTimerSource(queue: queue)
        source.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
        source.setEventHandler(handler: action)
        let box = TimerBox(source: source)
        timer.withLock { timer in
            timer?.source.cancel()
            timer = box
        }
        box.source.resume()
    }

    /// Ends the timer.
    func stopTimer() {
        timer.withLock { timer in
            timer?.source.cancel()
            timer = nil
        }
    }
}
