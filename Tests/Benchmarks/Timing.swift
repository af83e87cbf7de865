/// Rates of something that runs in batches.
enum Timing {
    /// Shortest time of a run.
    static let runLength = Duration.milliseconds(250)

    /// Patterns a second of several runs, rising, after one that warms up.
    ///
    /// - Parameters:
    ///   - batchSize: patterns of a call.
    ///   - body: one batch, given its number, counted through.
    static func rates(
        runs: Int, batchSize: Int, _ body: (Int) async throws -> Void
    ) async throws -> [Double] {
        let clock = ContinuousClock()
        var next = 0
        var rates: [Double] = []
        for run in 0...runs {
            let start = clock.now
            let first = next
            var elapsed = Duration.zero
            while elapsed < runLength || next < first + 2 {
                try await body(next)
                next += 1
                elapsed = start.duration(to: clock.now)
            }
            if run > 0 { rates.append(Double((next - first) * batchSize) / (elapsed / .seconds(1))) }
        }
        return rates.sorted()
    }

    /// Patterns a second of several runs, rising, of something that goes on by itself, after one that warms up.
    ///
    /// - Parameter progress: how many patterns are done, and since when.
    static func rates(
        runs: Int, of progress: @Sendable () -> (patterns: Int, since: ContinuousClock.Instant)
    ) async throws -> [Double] {
        var rates: [Double] = []
        for run in 0...runs {
            let start = progress()
            var end = start
            repeat {
                try await Task.sleep(for: runLength)
                end = progress()
            } while end.patterns == start.patterns
            let elapsed = start.since.duration(to: end.since)
            if run > 0 { rates.append(Double(end.patterns - start.patterns) / (elapsed / .seconds(1))) }
        }
        return rates.sorted()
    }
}
