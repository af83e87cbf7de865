internal import Substrate

/// Mean inter-spike intervals of neurons that fire regularly.
struct IntervalMean {
    /// Mean interval of each circuit, in ticks, NaN without any; shape `[circuit]`.
    let ticks: [Double]
    /// Intervals of each circuit; shape `[circuit]`.
    let counts: [Int]

    /// The intervals of a recording, without those that begin before spike number `skipped` of an entry.
    ///
    /// A spike that is lost on its way makes two intervals one: those beyond half and three halves of the mean are left
    /// out.
    init(_ recording: Recording, circuits: Int, skipped: Int) {
        let all = Self.sums(recording, circuits: circuits, skipped: skipped) { _, _ in true }
        let first = all.map { Double($0.sum) / Double($0.count) }
        let regular = Self.sums(recording, circuits: circuits, skipped: skipped) { circuit, interval in
            let mean = first[circuit]
            return Double(interval) > mean / 2 && Double(interval) < 1.5 * mean
        }
        ticks = regular.map { Double($0.sum) / Double($0.count) }
        counts = regular.map(\.count)
    }

    private static func sums(
        _ recording: Recording, circuits: Int, skipped: Int, where accepts: (Int, Int) -> Bool
    ) -> [(sum: Int, count: Int)] {
        var result = [(sum: Int, count: Int)](repeating: (0, 0), count: circuits)
        for entry in recording.usableEntries {
            var last = [Int](repeating: 0, count: circuits)
            var spikes = [Int](repeating: 0, count: circuits)
            for event in recording.spikes[entry: entry] {
                let (circuit, tick) = (Int(event.unit), Int(event.tick))
                spikes[circuit] += 1
                if spikes[circuit] > skipped, accepts(circuit, tick - last[circuit]) {
                    result[circuit].sum += tick - last[circuit]
                    result[circuit].count += 1
                }
                last[circuit] = tick
            }
        }
        return result
    }
}
