/// The rate of a benchmark over several runs.
struct Measurement: Codable {
    /// What was timed.
    var name: String
    /// Threads that worked.
    var threads: Int
    /// Patterns of a run.
    var patterns: Int
    /// Input events of a pattern, mean.
    var eventsPerPattern: Double
    /// Hidden spikes of a pattern, mean.
    var spikesPerPattern: Double
    /// Patterns a second of each run, rising.
    var patternsPerSecond: [Double]

    /// The middle one of the runs.
    var median: Double { patternsPerSecond[patternsPerSecond.count / 2] }

    /// Core time of a pattern at the median, in nanoseconds.
    var coreNanoseconds: Double { 1e9 * Double(threads) / median }

    /// A line for people.
    var text: String {
        let low = Int(patternsPerSecond.first ?? 0)
        let high = Int(patternsPerSecond.last ?? 0)
        return "\(name): \(Int(median)) patterns/s (\(low) to \(high), \(patternsPerSecond.count) runs), "
            + "\(Int(coreNanoseconds)) ns a pattern and core, \(threads) threads, "
            + "\(Int(eventsPerPattern.rounded())) events in and \(Int(spikesPerPattern.rounded())) "
            + "hidden spikes a pattern"
    }
}
