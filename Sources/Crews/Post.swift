import Synchronization

/// Where the helpers of a crew and the one who leads them meet.
final class Post: Sendable {
    /// In a structure: a bare function would be wrapped once more each time that it is looked at.
    struct Work {
        var body: @Sendable (_ thread: Int) -> Void
    }
    /// Counts beginnings and ends of work, so that it is odd while some is under way; at the end it is `over`.
    let turn = Atomic<Int>(0)
    /// Helpers that look at the work or do it.
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
