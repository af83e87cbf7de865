internal import Substrate

/// How the inter-spike intervals of neurons that fire by themselves go together.
///
/// A neuron forgets at each spike. So distant intervals of an entry have in common what lasts for the entry, its
/// threshold; neighbouring ones share besides a recorded spike, whose error makes one longer and the other shorter:
/// `cov(I_k, I_k+1) = common - s_t^2`, `cov(I_k, I_k+2) = common`.
struct FiringJitter {
    private struct Sums {
        var halves = 0.0
        var entries = 0
        var neighbours = 0.0
        var neighbourPairs = 0
        var seconds = 0.0
        var secondPairs = 0
    }

    private static let fewestIntervals = 7
    private var sums: [Sums]

    /// No recording yet.
    init(circuits: Int) {
        sums = [Sums](repeating: Sums(), count: circuits)
    }

    /// Adds a recording, without the intervals that begin before spike number `skipped` of an entry.
    mutating func add(_ recording: Recording, skipped: Int) {
        var intervals = [[[Double]]](repeating: [], count: sums.count)
        for entry in recording.usableEntries {
            var ticks = [[Int]](repeating: [], count: sums.count)
            for event in recording.spikes[entry: entry] { ticks[Int(event.unit)].append(Int(event.tick)) }
            for (circuit, ticks) in ticks.enumerated() where ticks.count > skipped + Self.fewestIntervals {
                let kept = ticks.dropFirst(skipped)
                intervals[circuit].append(zip(kept, kept.dropFirst()).map { Double($1 - $0) })
            }
        }
        for (circuit, entries) in intervals.enumerated() { add(Self.regular(entries), circuit: circuit) }
    }

    /// The entries in which no spike was lost: none of their intervals is half as long again as the mean.
    private static func regular(_ entries: [[Double]]) -> [[Double]] {
        let all = entries.flatMap { $0 }
        let mean = all.reduce(0, +) / Double(all.count)
        return entries.filter { $0.allSatisfy { $0 > mean / 2 && $0 < 1.5 * mean } }
    }

    private mutating func add(_ entries: [[Double]], circuit: Int) {
        guard entries.count >= 4 else { return }
        let count = Double(entries.count)
        // One interval between the halves, so that they share no spike.
        let halves = entries.map { intervals in
            let half = (intervals.count - 1) / 2
            return (
                intervals.prefix(half).reduce(0, +) / Double(half),
                intervals.suffix(half).reduce(0, +) / Double(half)
            )
        }
        let means = halves.reduce((0.0, 0.0)) { ($0.0 + $1.0 / count, $0.1 + $1.1 / count) }
        // Means are taken off that hold the entry itself, hence one entry less.
        sums[circuit].halves += halves.reduce(0) { $0 + ($1.0 - means.0) * ($1.1 - means.1) } * count / (count - 1)
        sums[circuit].entries += entries.count
        let all = entries.flatMap { $0 }
        let mean = all.reduce(0, +) / Double(all.count)
        for intervals in entries {
            let parts = intervals.map { $0 - mean }
            for (a, b) in zip(parts, parts.dropFirst()) { sums[circuit].neighbours += a * b }
            for (a, b) in zip(parts, parts.dropFirst(2)) { sums[circuit].seconds += a * b }
            sums[circuit].neighbourPairs += max(0, parts.count - 1)
            sums[circuit].secondPairs += max(0, parts.count - 2)
        }
    }

    /// Variance of mean intervals that lasts for an entry, in ticks squared, NaN where unknown; shape `[circuit]`.
    var byEntry: [Double] { sums.map { $0.entries == 0 ? .nan : $0.halves / Double($0.entries) } }

    /// Variance of the recorded times of spikes without their rounding, in ticks squared; shape `[circuit]`.
    var ofTimes: [Double] {
        sums.map { sums in
            guard sums.secondPairs > 0 else { return .nan }
            let common = sums.seconds / Double(sums.secondPairs)
            return common - sums.neighbours / Double(sums.neighbourPairs) - 1.0 / 12
        }
    }
}
