import DeviceServer
import Testing

@Suite struct PacedScheduleTests {
    @Test func waitingJobsFollowEachOtherWithoutDrift() {
        var schedule = PacedSchedule()
        var end = schedule.release(
            start: .seconds(10), wasWaiting: false, computed: .seconds(10), chipSeconds: 0.25)
        #expect(end == .seconds(10) + .milliseconds(250))
        // Each is handed out 3 ms late, which must not add up.
        for number in 2...400 {
            end = schedule.release(
                start: end + .milliseconds(3), wasWaiting: true, computed: end + .milliseconds(4),
                chipSeconds: 0.25)
            #expect(end == .seconds(10) + .milliseconds(250) * number)
        }
    }

    @Test func anIdleChipStartsWhenItIsAsked() {
        var schedule = PacedSchedule()
        _ = schedule.release(start: .zero, wasWaiting: false, computed: .zero, chipSeconds: 1)
        let end = schedule.release(
            start: .seconds(5), wasWaiting: false, computed: .seconds(5), chipSeconds: 1)
        #expect(end == .seconds(6))
    }

    @Test func aShortPauseOfTheComputerIsMadeUpFor() {
        var schedule = PacedSchedule()
        let late = schedule.release(
            start: .zero, wasWaiting: false, computed: .milliseconds(1_200), chipSeconds: 1)
        #expect(late == .milliseconds(1_200))
        let next = schedule.release(
            start: late, wasWaiting: true, computed: .milliseconds(1_300), chipSeconds: 1)
        #expect(next == .seconds(2))
    }

    @Test func timeThatASlowEmulatorLostIsNotMadeUpFor() {
        var schedule = PacedSchedule()
        let slow = schedule.release(
            start: .zero, wasWaiting: false, computed: .seconds(3), chipSeconds: 1)
        #expect(slow == .seconds(3))
        let next = schedule.release(
            start: .seconds(3), wasWaiting: true, computed: .seconds(3), chipSeconds: 1)
        #expect(next == .seconds(4) - PacedSchedule.grace)
    }

    @Test func aJobThatArrivesEarlyWaitsForTheOneBefore() {
        var schedule = PacedSchedule()
        _ = schedule.release(start: .zero, wasWaiting: false, computed: .zero, chipSeconds: 2)
        let end = schedule.release(
            start: .seconds(1), wasWaiting: false, computed: .seconds(1), chipSeconds: 2)
        #expect(end == .seconds(4))
    }
}
