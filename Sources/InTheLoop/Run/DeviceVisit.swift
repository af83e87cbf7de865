/// A batch's stay at a device as the host sees it: how long it was away, and how long the device worked on it.
///
/// A device tells durations, since its clock may be another one. Its work is placed in the middle of the stay: the way
/// there is taken to be as long as the way back.
struct DeviceVisit: Sendable {
    /// When the batch was handed over.
    let start: ContinuousClock.Instant
    /// When the last of its results was there.
    let end: ContinuousClock.Instant
    /// How long the device worked, not longer than the stay.
    let work: Duration

    /// A stay of `deviceSeconds` of work.
    init(from start: ContinuousClock.Instant, to end: ContinuousClock.Instant, deviceSeconds: Double) {
        self.start = start
        self.end = end
        work = min(.seconds(deviceSeconds), start.duration(to: end))
    }

    /// When the device worked.
    var working: (from: ContinuousClock.Instant, to: ContinuousClock.Instant) {
        let way = (start.duration(to: end) - work) / 2
        return (start + way, start + way + work)
    }

    /// How long the host worked, by its clock, while the device did.
    func overlap(with clock: StepClock) -> Duration {
        let working = working
        return clock.spans.reduce(.zero) { sum, span in
            guard span.part != .device else { return sum }
            return sum + max(.zero, max(span.from, working.from).duration(to: min(span.to, working.to)))
        }
    }
}
