extension GriddedSpikes {
    /// Events of some units in bins of `period` ticks, moved `shift` bins later; at most one spike per bin and unit.
    ///
    /// Units of the result count from the first of `units`. Events of other units, and those after the last bin, are left
    /// out. Traps if the ends do not fit the number of events, on a period below 1,
    /// or on a negative shift.
    ///
    /// - Parameters:
    ///   - ends: for each entry, the index after its last event, never falling.
    ///   - events: of all entries, in any order within one; each `tick + unit * 2^16`.
    public init(
        binning events: [UInt32], ends: [UInt32], units: Range<Int>, steps: Int, period: Int, shift: Int = 0
    ) {
        precondition(
            Int(ends.last ?? 0) == events.count && ends.allSatisfy { $0 <= events.count },
            "ends up to \(ends.max() ?? 0) that close at \(ends.last ?? 0) for \(events.count) events")
        precondition(period > 0 && period <= Int(UInt32.max), "a period of \(period) ticks")
        precondition(shift >= 0, "a shift of \(shift) bins")
        self = TrainingKernels().bin(
            ends: ends, events: events, units: units, steps: steps, period: period, shift: shift)
    }
}
