import Glibc

/// Rates of something that runs in batches.
enum Timing {
    /// Shortest time of a run.
    static let runLength = Duration.milliseconds(250)
    /// Shortest time of what warms up after a stop.
    private static let warmUpLength = Duration.milliseconds(50)

    /// Several runs after one that warms up, by rising rate.
    ///
    /// - Parameters:
    ///   - batchSize: patterns of a call.
    ///   - body: one batch, given its number, counted through.
    static func runs(
        _ context: BenchmarkContext, batchSize: Int, _ body: (Int) async throws -> Void
    ) async throws -> [TimedRun] {
        let clock = ContinuousClock()
        var next = 0
        return try await runs(context) { length in
            let start = clock.now
            let first = next
            var elapsed = Duration.zero
            while elapsed < length || next < first + 2 {
                try await body(next)
                next += 1
                elapsed = start.duration(to: clock.now)
            }
            return Double((next - first) * batchSize) / (elapsed / .seconds(1))
        }
    }

    /// Several runs of something that goes on by itself, after one that warms up, by rising rate.
    ///
    /// - Parameter progress: how many patterns are done, and since when.
    static func runs(
        _ context: BenchmarkContext, of progress: @Sendable () -> (patterns: Int, since: ContinuousClock.Instant)
    ) async throws -> [TimedRun] {
        try await runs(context) { length in
            // The last result may have come before the cores' distance was looked at, which takes some milliseconds.
            try await Task.sleep(for: .milliseconds(10))
            let start = progress()
            var end = start
            repeat {
                try await Task.sleep(for: length)
                end = progress()
            } while end.patterns == start.patterns
            return Double(end.patterns - start.patterns) / (start.since.duration(to: end.since) / .seconds(1))
        }
    }

    /// Runs of a rate, patterns a second, which is taken over a time.
    private static func runs(
        _ context: BenchmarkContext, _ rate: (Duration) async throws -> Double
    ) async throws -> [TimedRun] {
        _ = try await rate(runLength)
        var runs: [TimedRun] = []
        for _ in 0..<context.runs {
            if context.takesTurns {
                raise(SIGSTOP)
                _ = try await rate(warmUpLength)
            }
            let before = context.threads > 1 ? CoreDistance.roundTrip() : nil
            var run = TimedRun(patternsPerSecond: try await rate(runLength))
            let after = context.threads > 1 ? CoreDistance.roundTrip() : nil
            run.coreRoundTripNanoseconds = [before, after].compactMap { $0 }.max()
            if context.takesTurns { try JSONLine.say(run) }
            runs.append(run)
        }
        return runs.sorted { $0.patternsPerSecond < $1.patternsPerSecond }
    }
}
