import Glibc

/// Threads that do pieces of work together, one after the other, until the crew is given up.
///
/// They set out when the crew is made, so that whoever prepares the work meanwhile need not wait for them: a thread that
/// sleeps takes 7 to 40 us to come. None of them sleeps before the end, so that a crew is for what lasts milliseconds.
package final class Crew {
    /// Threads, the one that leads among them.
    package let threads: Int
    private let post = Post()
    private let helpers: [Helper]

    /// A crew whose helpers set out.
    ///
    /// - Parameter patience: how long they look for a next crew before they sleep. Some steps follow within
    ///   microseconds; otherwise it takes time from others who want the processor.
    package init(threads: Int, thenLooks patience: Duration = .zero) {
        self.threads = threads
        helpers = Helper.take(max(threads, 1) - 1)
        for (index, helper) in helpers.enumerated() { helper.send(to: post, as: index + 1, thenLooks: patience) }
    }

    deinit {
        post.turn.store(Post.over, ordering: .releasing)
        Helper.give(helpers)
    }

    /// Does work on all threads that are there in time; returns when all of them have finished.
    ///
    /// Traps when called while it works.
    package func work(_ body: @Sendable (_ thread: Int) -> Void) {
        work(leading: { body(0) }, body)
    }

    /// Does work on all threads that are there in time, the leader in its own way; returns when all of them have finished.
    ///
    /// Traps when called while it works.
    ///
    /// - Parameters:
    ///   - lead: What the leader does, on the calling thread, while the others work.
    ///   - body: What each of the others does.
    package func work(leading lead: () -> Void, _ body: @Sendable (_ thread: Int) -> Void) {
        precondition(post.turn.load(ordering: .relaxed) % 2 == 0, "a crew does one thing at a time")
        withoutActuallyEscaping(body) { body in
            post.work.withLock { $0 = Post.Work(body: body) }
            post.turn.add(1, ordering: .sequentiallyConsistent)
            lead()
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
