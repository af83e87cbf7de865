/// A way for an actor to let other calls run on its thread: out to this actor, which shares the thread, and back in.
///
/// `Task.yield` and continuations resume by way of the shared thread pool, whose threads the host's computation or a
/// careless caller may keep; a batch under way must not wait for them.
actor SideDoor {
    private let executor: BlockingExecutor
    private var passages = 0

    /// A door to a thread.
    init(on thread: LinkThread) {
        executor = BlockingExecutor(on: thread)
    }

    /// On the same thread as the actor's, but not the same executor, so that coming here ends a turn there.
    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Takes a turn of the thread. Counts, so that no optimiser takes the passage for nothing.
    @inline(never) func pass() {
        passages &+= 1
    }
}
