import Crews
import Dispatch
import Synchronization
import Testing

@Suite struct CrewTests {
    /// More threads than processors, so that some come late, and some not at all.
    @Test(arguments: [1, 2, 5])
    func eachPieceOfWorkIsDoneOnceAndIsOverWhenWorkReturns(threads: Int) {
        let crew = Crew(threads: threads)
        let inside = Atomic(0)
        for round in 0..<2_000 {
            let next = Atomic(0)
            let sum = Atomic(0)
            crew.work { thread in
                inside.add(1, ordering: .sequentiallyConsistent)
                precondition(thread < threads)
                while true {
                    let ticket = next.add(1, ordering: .relaxed).oldValue
                    guard ticket < 20 else { break }
                    sum.add(round + ticket, ordering: .relaxed)
                }
                // Helpers are the last to leave.
                if thread > 0 { for _ in 0..<500 { next.add(1, ordering: .relaxed) } }
                inside.subtract(1, ordering: .sequentiallyConsistent)
            }
            // Helpers of this round would see the next round's counters otherwise.
            #expect(inside.load(ordering: .sequentiallyConsistent) == 0, "round \(round)")
            #expect(sum.load(ordering: .relaxed) == 20 * round + 190, "round \(round)")
        }
    }

    @Test func helpersComeToWorkThatWaitsForThem() {
        let crew = Crew(threads: 2)
        let arrived = DispatchSemaphore(value: 0)
        let hasCome = Mutex(false)
        for _ in 0..<3 {
            crew.work { thread in
                if thread == 1 {
                    arrived.signal()
                } else {
                    let result = arrived.wait(timeout: .now() + .seconds(20))
                    hasCome.withLock { $0 = result == .success }
                }
            }
            #expect(hasCome.withLock { $0 })
        }
    }

    @Test func othersWorkWhileTheLeaderDoesSomethingElse() {
        let crew = Crew(threads: 2)
        let arrived = DispatchSemaphore(value: 0)
        let workers = Mutex<[Int]>([])
        var found = DispatchTimeoutResult.timedOut
        func lead() { found = arrived.wait(timeout: .now() + .seconds(20)) }
        crew.work(leading: lead) { thread in
            workers.withLock { $0.append(thread) }
            arrived.signal()
        }
        #expect(found == .success, "no other thread began within 20 s")
        #expect(workers.withLock { $0 } == [1], "the leader did the others' work")
    }

    @Test func aCrewThatIsGivenUpLetsItsHelpersGo() {
        // The last crew gets a helper of one of these, who must have left it.
        for _ in 0..<2_000 { _ = Crew(threads: 3) }
        let crew = Crew(threads: 2)
        let arrived = DispatchSemaphore(value: 0)
        let result = Mutex(DispatchTimeoutResult.timedOut)
        crew.work { thread in
            if thread == 1 {
                arrived.signal()
            } else {
                let found = arrived.wait(timeout: .now() + .seconds(20))
                result.withLock { $0 = found }
            }
        }
        #expect(result.withLock { $0 } == .success)
    }
}
