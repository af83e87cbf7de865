/// A timed run.
struct TimedRun: Codable {
    /// Patterns a second.
    var patternsPerSecond: Double
    /// What a word took between two cores and back, the longer of just before and just after, ns; nil where one core worked.
    var coreRoundTripNanoseconds: Double?
}
