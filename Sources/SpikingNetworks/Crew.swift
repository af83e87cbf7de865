import CTrainingKernels
import Dispatch
import Synchronization

/// Threads for one piece of work. They set out when the crew is made, so that whoever prepares the work meanwhile need not
/// wait for them: a thread that sleeps takes 7 to 16 us to come.
final class Crew {
    /// Where helpers and the one who leads them meet.
    private final class Post: @unchecked Sendable {
        /// Work is being prepared, under way, over.
        enum Phase { static let (ahead, underWay, over) = (0, 1, 2) }
        let phase = Atomic<Int>(Phase.ahead)
        let helping = Atomic<Int>(0)
        /// Written before the work is under way, and after the last helper has gone.
        var work: ((_ thread: Int) -> Void)?

        /// Helps, unless the work is over. Both sides tell first and look then: who looks at the work is waited for.
        @inline(never) func help(_ thread: Int) {
            Crew.wait { phase.load(ordering: .acquiring) != Phase.ahead }
            helping.add(1, ordering: .sequentiallyConsistent)
            if phase.load(ordering: .sequentiallyConsistent) == Phase.underWay { work?(thread) }
        }
    }

    /// Threads, the one that leads among them.
    let threads: Int
    private let post = Post()

    /// A crew whose helpers set out.
    init(threads: Int) {
        self.threads = threads
        for thread in 1..<max(threads, 1) {
            DispatchQueue.global().async { [post] in
                post.help(thread)
                post.helping.subtract(1, ordering: .sequentiallyConsistent)
            }
        }
    }

    deinit { post.phase.store(Post.Phase.over, ordering: .releasing) }

    /// Does work on all threads that are there in time; returns when all of them have finished. Traps when called again.
    func work(_ body: (_ thread: Int) -> Void) {
        precondition(post.phase.load(ordering: .relaxed) == Post.Phase.ahead, "a crew works once")
        withoutActuallyEscaping(body) { body in
            post.work = body
            post.phase.store(Post.Phase.underWay, ordering: .releasing)
            body(0)
            post.phase.store(Post.Phase.over, ordering: .sequentiallyConsistent)
            Crew.wait { post.helping.load(ordering: .sequentiallyConsistent) == 0 }
            post.work = nil
        }
    }

    /// Looks until something is so, which takes less time than to sleep and be woken.
    static func wait(until isSo: () -> Bool) {
        var looks = 0
        while !isSo() {
            looks += 1
            if looks % 256 == 0 { tk_yield() }
        }
    }
}
