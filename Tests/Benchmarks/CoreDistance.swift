import Crews
import Synchronization

/// How long a word takes from one core to another and back.
///
/// A tenth of a microsecond where cores share a cache, five times as long where they do not. In a virtual machine it
/// changes within seconds, as the host moves its processors, and two threads that share data are as slow as one then.
package enum CoreDistance {
    /// Round trips that are timed at a time.
    private static let burst = 50
    /// Bursts of which the fastest counts, since nobody has come in between.
    private static let bursts = 12
    /// What is waited for a second thread that runs at the same time.
    private static let patience = Duration.milliseconds(5)

    /// A round trip, ns; nil where no two threads ran at the same time.
    package static func roundTrip() -> Double? {
        let crew = Crew(threads: 2)
        // Odd when it is the helper's turn.
        let ball = Atomic<Int>(0)
        let over = -1
        let fastest = Mutex<Double?>(nil)
        crew.work { thread in
            guard thread == 0 else {
                while true {
                    let value = ball.load(ordering: .acquiring)
                    if value == over { return }
                    if value % 2 == 1 { ball.store(value + 1, ordering: .releasing) }
                }
            }
            let clock = ContinuousClock()
            let end = clock.now + patience
            var turn = 0
            for _ in 0..<bursts {
                let start = clock.now
                for _ in 0..<burst {
                    turn += 2
                    ball.store(turn - 1, ordering: .releasing)
                    Crew.wait { ball.load(ordering: .acquiring) == turn || clock.now > end }
                }
                let now = clock.now
                guard now < end else { break }
                let trip = start.duration(to: now) / .nanoseconds(burst)
                fastest.withLock { $0 = min($0 ?? trip, trip) }
            }
            ball.store(over, ordering: .releasing)
        }
        return fastest.withLock { $0 }
    }
}
