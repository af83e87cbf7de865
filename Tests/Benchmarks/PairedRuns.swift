/// Runs of two benchmarks, each pair taken right after one another.
package struct PairedRuns: Codable {
    /// Runs of the first.
    var first: [TimedRun] = []
    /// Runs of the second.
    var second: [TimedRun] = []

    /// Adds a pair.
    mutating func add(_ first: TimedRun, _ second: TimedRun) {
        self.first.append(first)
        self.second.append(second)
    }

    /// Rates of the second by those of the first, rising.
    var ratios: [Double] { zip(first, second).map { $1.patternsPerSecond / $0.patternsPerSecond }.sorted() }

    /// A line for people.
    var text: String {
        let range = MedianRange(ratios)
        let texts = [range.median, range.lower, range.upper].map { "\((1_000 * $0).rounded() / 10)" }
        return "the second has \(texts[0]) % (\(texts[1]) to \(texts[2]), \(first.count) pairs) of the first's rate"
    }
}
