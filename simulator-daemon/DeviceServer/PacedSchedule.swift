/// When a chip that takes its modelled time would be done: the schedule of paced mode.
///
/// Lateness of the computer's timers does not add up: a job that was waiting begins where the one before it ended on the
/// schedule, not where the result happened to be handed out. Time lost because the emulator is slower than the chip is
/// never made up for, so results come at most at the chip's rate.
package struct PacedSchedule: Sendable {
    /// The end of the last job on the schedule; `nil` before the first.
    private var lastEnd: Duration?

    /// An empty schedule.
    package init() {}

    /// Enters a job whose emulation is finished, and returns when its result may be handed out.
    ///
    /// - Parameters:
    ///   - start: When the job was given to the chip.
    ///   - wasWaiting: Whether it had been waiting for the job before it to end.
    ///   - computed: When its emulation ended.
    ///   - chipSeconds: What it takes on the chip.
    package mutating func release(
        start: Duration, wasWaiting: Bool, computed: Duration, chipSeconds: Double
    ) -> Duration {
        let begin = wasWaiting ? (lastEnd ?? start) : max(start, lastEnd ?? start)
        let end = max(begin + .seconds(chipSeconds), computed)
        lastEnd = end
        return end
    }
}
