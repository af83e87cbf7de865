/// The rate of a benchmark over several runs, and what it took.
struct Measurement: Codable {
    /// Name of the benchmark.
    var name: String
    /// What was timed: network, steps, batch.
    var work: String
    /// Threads that worked.
    var threads: Int
    /// Instruction set of the kernels.
    var level: KernelChoice
    /// Input events of a pattern, mean.
    var eventsPerPattern: Double
    /// Hidden spikes of a pattern, mean.
    var spikesPerPattern: Double
    /// The runs, by rising rate.
    var runs: [TimedRun]
    /// Wall time of the parts of a pattern's work, in nanoseconds; empty where it has none.
    var partNanoseconds: [Part] = []
    /// Largest resident memory of all processes together, in MiB.
    var peakMemory = 0.0

    /// A part of the work.
    struct Part: Codable {
        /// What was done.
        var name: String
        /// Wall time for each pattern.
        var nanoseconds: Double

        /// A part from its seconds over some patterns.
        init(_ name: String, seconds: Double, patterns: Int) {
            self.name = name
            nanoseconds = 1e9 * seconds / Double(max(patterns, 1))
        }
    }

    /// The middle one of the runs.
    var median: Double { runs[runs.count / 2].patternsPerSecond }

    /// Slowest and fastest run.
    var range: ClosedRange<Double> {
        (runs.first?.patternsPerSecond ?? 0)...(runs.last?.patternsPerSecond ?? 0)
    }

    /// Least and most that a word took between two cores and back, ns; nil where one core worked, or it was not looked at.
    var coreRoundTrip: ClosedRange<Double>? {
        let trips = runs.compactMap(\.coreRoundTripNanoseconds)
        guard let least = trips.min(), let most = trips.max() else { return nil }
        return least...most
    }

    /// Core time of a pattern at the median, in nanoseconds.
    var coreNanoseconds: Double { 1e9 * Double(threads) / median }
}
