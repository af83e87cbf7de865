import Dispatch
import Synchronization

/// A thread that helps one crew after the other, and sleeps where none comes soon.
///
/// The next crew gets the thread that the last one gave back, be it still on its way out: a pool would wake another one,
/// which is late, and at times on the leader's processor.
final class Helper: Sendable {
    /// A crew's post, the helper's number there, and how long it looks for a next crew afterwards.
    private struct Place {
        var post: Post
        var thread: Int
        var patience: Duration
    }
    private let place = Mutex<Place?>(nil)
    private let calls = Atomic<Int>(0)
    private let call = DispatchSemaphore(value: 0)
    private static let free = Mutex<[Helper]>([])

    private init() {
        DispatchQueue(label: "volley.helper").async { self.run() }
    }

    /// Helpers that no crew has, the last one given back first; new ones where these are too few.
    static func take(_ count: Int) -> [Helper] {
        var helpers = free.withLock { free in
            let taken = free.suffix(count)
            free.removeLast(taken.count)
            return Array(taken)
        }
        while helpers.count < count { helpers.append(Helper()) }
        return helpers
    }

    /// Takes back helpers whose crew is over.
    static func give(_ helpers: [Helper]) {
        free.withLock { $0 += helpers }
    }

    /// Sends the helper to a crew; it sleeps where for some time afterwards no other one calls it.
    func send(to post: Post, as thread: Int, thenLooks patience: Duration) {
        place.withLock { $0 = Place(post: post, thread: thread, patience: patience) }
        calls.add(1, ordering: .releasing)
        call.signal()
    }

    private func run() -> Never {
        var seen = 0
        while true {
            // Calls that it went to without having slept are waited for in vain, once each.
            while calls.load(ordering: .acquiring) == seen { call.wait() }
            seen = calls.load(ordering: .acquiring)
            // None when it has gone there already, by an earlier call.
            guard
                let next = place.withLock({ place in
                    defer { place = nil }
                    return place
                })
            else { continue }
            next.post.help(next.thread)
            guard next.patience > .zero else { continue }
            let end = ContinuousClock.now + next.patience
            Crew.wait { calls.load(ordering: .acquiring) > seen || ContinuousClock.now > end }
        }
    }
}
