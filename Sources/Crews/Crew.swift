import Dispatch
import Glibc
import Synchronization

/// Threads that do pieces of work together, one after the other, until the crew is given up.
///
/// They set out when the crew is made, so that whoever prepares the work meanwhile need not wait for them: a thread that
/// sleeps takes 7 to 40 us to come. None of them sleeps before the end, so that a crew is for what lasts milliseconds.
package final class Crew {
    /// Where helpers and the one who leads them meet.
    private final class Post: Sendable {
        /// In a structure: a bare function would be wrapped once more each time that it is looked at.
        struct Work {
            var body: @Sendable (_ thread: Int) -> Void
        }
        /// Counts beginnings and ends of work, so that it is odd while some is under way; at the end it is `over`.
        let turn = Atomic<Int>(0)
        let helping = Atomic<Int>(0)
        /// There while work is under way, and until the last helper has left it.
        let work = Mutex<Work?>(nil)

        static let over = Int.max

        /// Helps with each piece of work that is under way when the helper comes, until the crew is given up.
        @inline(never) func help(_ thread: Int) {
            var last = 0
            while true {
                Crew.wait { turn.load(ordering: .acquiring) > last }
                // Both sides tell first and look then: who looks at the work is waited for.
                helping.add(1, ordering: .sequentiallyConsistent)
                last = turn.load(ordering: .sequentiallyConsistent)
                if last != Self.over, last % 2 == 1 { work.withLock { $0 }?.body(thread) }
                helping.subtract(1, ordering: .sequentiallyConsistent)
                if last == Self.over { return }
            }
        }
    }

    /// Threads, the one that leads among them.
    package let threads: Int
    private let post = Post()

    /// A crew whose helpers set out.
    package init(threads: Int) {
        self.threads = threads
        for thread in 1..<max(threads, 1) {
            DispatchQueue.global().async { [post] in post.help(thread) }
        }
    }

    deinit { post.turn.store(Post.over, ordering: .releasing) }

    /// Does work on all threads that are there in time; returns when all of them have finished.
    ///
    /// Traps when called while it works.
    package func work(_ body: @Sendable (_ thread: Int) -> Void) {
        precondition(post.turn.load(ordering: .relaxed) % 2 == 0, "a crew does one thing at a time")
        withoutActuallyEscaping(body) { body in
            post.work.withLock { $0 = Post.Work(body: body) }
            post.turn.add(1, ordering: .sequentiallyConsistent)
            body(0)
            post.turn.add(1, ordering: .sequentiallyConsistent)
            Crew.wait { post.helping.load(ordering: .sequentiallyConsistent) == 0 }
            post.work.withLock { $0 = nil }
        }
    }

    /// Looks until something is so, which takes less time than to sleep and be woken.
    package static func wait(until isSo: () -> Bool) {
        var looks = 0
        while !isSo() {
            looks += 1
            if looks % 256 == 0 { sched_yield() }
        }
    }
}
