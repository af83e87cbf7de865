/// A way for an actor to let other calls run on its thread: out to this actor, which shares the thread, and back in.
///
/// `Task.yield` and continuations resume by way of the shared thread pool, whose threads the host's computation or a
/// careless caller may keep; a batch under way must not wait for them.
actor SideDoor {
    private let executor: BlockingExecutor
    private var passages = 0

    /// A door to the thread of an executor.
    init(besides executor: BlockingExecutor) {
        self.executor = BlockingExecutor(sharing: executor)
    }

    /// The same thread as the other executor's, but not the same executor, so that coming here ends a turn there.
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Takes a turn of the thread. Counts, so that no optimiser takes the passage for nothing.
    @inline(never) func pass() {
        passages &+= 1
    }
}
