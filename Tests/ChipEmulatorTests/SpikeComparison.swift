import Substrate

/// How the spikes of networks differ between two ways of getting them.
///
/// A membrane that grazes its threshold fires, or does not, by less than any chip can tell. A neuron is settled if it has
/// the same number of spikes with all thresholds a little lower and a little higher, within `sensitivity`.
struct SpikeComparison {
    /// Spike times by neuron, in ticks.
    typealias Times = [[Double]]

    /// How far spikes of settled neurons move with the thresholds at most, in ticks: the jitter of the chip.
    static let sensitivity = 7.5

    /// Networks compared.
    private(set) var networks = 0
    /// Neurons compared.
    private(set) var neurons = 0
    /// Those whose numbers of spikes differ.
    private(set) var differing = 0
    /// Neurons that are settled, and hear of none that is not.
    private(set) var settled = 0
    /// Those whose numbers of spikes differ.
    private(set) var settledDiffering = 0
    /// Distances of corresponding spikes of the settled neurons, in ticks.
    private(set) var distances: [Double] = []

    /// Adds a network. In a recurrent one, one neuron that is not settled leaves none settled.
    mutating func add(
        _ expected: Times, lower: Times, higher: Times, found: Times, recurrent: Bool
    ) {
        networks += 1
        neurons += expected.count
        differing += zip(expected, found).count { $0.count != $1.count }
        let indices = expected.indices.filter {
            Self.agree(lower[$0], expected[$0]) && Self.agree(higher[$0], expected[$0])
        }
        if recurrent, indices.count < expected.count { return }
        settled += indices.count
        for neuron in indices {
            if expected[neuron].count == found[neuron].count {
                distances += zip(expected[neuron], found[neuron]).map { abs($0 - $1) }
            } else {
                settledDiffering += 1
            }
        }
    }

    private static func agree(_ times: [Double], _ others: [Double]) -> Bool {
        times.count == others.count
            && zip(times, others).allSatisfy { abs($0 - $1) <= sensitivity }
    }

    /// The distance that a share of the spikes stays within, in ticks.
    func quantile(_ share: Double) -> Double {
        let sorted = distances.sorted()
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    /// The same, for people.
    var summary: String {
        """
        \(networks) networks; \(differing) of \(neurons) neurons differ in their number of spikes, \
        \(settledDiffering) of the \(settled) settled ones. Their \(distances.count) spikes differ by: median \
        \(text(quantile(0.5))), 95 % \(text(quantile(0.95))), 99 % \(text(quantile(0.99))), 99.9 % \
        \(text(quantile(0.999))), maximum \(text(quantile(1))) ticks
        """
    }

    /// A histogram in bins of the given width in ticks; the last holds the rest.
    func histogram(width: Double, bins: Int) -> String {
        var counts = [Int](repeating: 0, count: bins)
        for distance in distances { counts[min(bins - 1, Int(distance / width))] += 1 }
        let most = Double(max(1, counts.max() ?? 1))
        return counts.enumerated().map { bin, count in
            let low = Int(Double(bin) * width * 8)
            let bar = String(repeating: "#", count: Int((40 * Double(count) / most).rounded(.up)))
            let range = bin == bins - 1 ? "\(low) ns and more" : "\(low)-\(Int(Double(low) + 8 * width)) ns"
            return "\(range): \(count) \(bar)"
        }.joined(separator: "\n")
    }

    private func text(_ ticks: Double) -> String { "\((ticks * 100).rounded() / 100)" }

    /// Spike times of a recording by neuron, in ticks.
    static func times(_ events: some Sequence<SpikeEvent>, neurons: Int) -> [[Double]] {
        var times = [[Double]](repeating: [], count: neurons)
        for event in events { times[Int(event.unit)].append(Double(event.tick)) }
        return times
    }
}
