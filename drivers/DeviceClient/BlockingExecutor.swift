import Dispatch
import Glibc
import Synchronization

/// An actor's executor on the thread of a link, which may therefore block, with a timer that does not need that thread.
///
/// The timer fires while the host's computation keeps every thread of the pool, and the link's own.
final class BlockingExecutor: SerialExecutor {
    private let thread: LinkThread
    private let clock: DispatchQueue
    private let timer = Mutex<TimerBox?>(nil)
    /// Whose turn it is: a job's or the timer's. Who has it is the actor's only caller.
    private let turn = Mutex(())
    private let holder = Atomic<UInt>(0)

    /// Keeps a timer, which only the mutex's holder touches.
    private struct TimerBox: @unchecked Sendable {
        var source: any DispatchSourceTimer
    }

    /// An executor on a thread.
    init(on thread: LinkThread) {
        self.thread = thread
        clock = DispatchQueue(label: "volley.device.timer", qos: .userInitiated)
    }

    deinit {
        timer.withLock { $0?.source.cancel() }
    }

    /// Runs a job of the actor.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        thread.run {
            self.turn.withLock { _ in
                self.hold { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
            }
        }
    }

    /// Traps when called from a thread whose turn it is not.
    func checkIsolated() {
        precondition(holder.load(ordering: .relaxed) == Self.caller, "not on the actor's executor")
    }

    /// Calls `action` in a turn of its own again and again, until `stopTimer`; not while a job has its turn.
    func startTimer(every interval: DispatchTimeInterval, _ action: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeTimerSource(queue: clock)
        source.schedule(deadline: .now() + interval, repeating: interval, leeway: .milliseconds(20))
        source.setEventHandler { [weak self] in
            guard let self else { return }
            _ = turn.withLockIfAvailable { _ in self.hold(action) }
        }
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

    private static var caller: UInt { UInt(pthread_self()) }

    private func hold(_ body: () -> Void) {
        holder.store(Self.caller, ordering: .relaxed)
        body()
        holder.store(0, ordering: .relaxed)
    }
}
