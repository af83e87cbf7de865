/// Runs a task's computation on the thread of a link, between the turns of the actor that has the link.
///
/// A task that hands over a batch and then works on its results changes no thread, where waking one takes as long as a
/// twentieth of a step.
final class HostExecutor: TaskExecutor {
    private let thread: LinkThread

    /// An executor on a thread.
    init(on thread: LinkThread) {
        self.thread = thread
    }

    /// Runs a job of the task.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        thread.run { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
