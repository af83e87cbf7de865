/// When a chip that takes its modelled time would be done: the schedule of paced mode.
///
/// A job that was waiting begins where the one before it ended on the schedule, not where its result happened to be handed
/// out: neither lateness of the computer's timers nor a short pause of its processors adds up, and no result comes before
/// the chip would have given it. A schedule that lags by more than `grace`, because the emulator is slower than the chip,
/// moves on, so that a client is never flooded to make up for it.
package struct PacedSchedule: Sendable {
    /// How far results may lag behind the schedule before it moves on. Own estimate, far above the pauses of a busy machine.
    package static let grace = Duration.milliseconds(250)

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
        let end = max(begin + .seconds(chipSeconds), computed - Self.grace)
        lastEnd = end
        return max(end, computed)
    }
}
