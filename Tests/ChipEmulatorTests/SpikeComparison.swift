import Substrate

/// How the spikes of networks differ between two ways of getting them.
struct SpikeComparison {
    /// Networks compared.
    private(set) var networks = 0
    /// Neurons compared.
    private(set) var neurons = 0
    /// Neurons whose numbers of spikes differ.
    private(set) var differing = 0
    /// Networks in which some do.
    private(set) var differingNetworks = 0
    /// Distances of corresponding spikes of the other neurons, in ticks.
    private(set) var distances: [Double] = []

    /// Adds a network; times in ticks by neuron.
    mutating func add(_ expected: [[Double]], _ found: [[Double]]) {
        let before = differing
        for (expected, found) in zip(expected, found) {
            neurons += 1
            if expected.count == found.count {
                distances += zip(expected, found).map { abs($0 - $1) }
            } else {
                differing += 1
            }
        }
        networks += 1
        differingNetworks += differing > before ? 1 : 0
    }

    /// The distance that a share of the spikes stays within, in ticks.
    func quantile(_ share: Double) -> Double {
        let sorted = distances.sorted()
        return sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
    }

    /// The same, for people.
    var summary: String {
        """
        \(networks) networks, \(neurons) neurons, \(distances.count) spikes; \(differing) neurons in \
        \(differingNetworks) networks differ in number; time differences: median \
        \(text(quantile(0.5))), 95 % \(text(quantile(0.95))), 99 % \(text(quantile(0.99))), \
        maximum \(text(quantile(1))) ticks
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
