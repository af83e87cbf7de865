/// Bins of equal width whose edges are round numbers, and how many values each holds.
public struct HistogramBins: Sendable, Hashable {
    /// Values of each bin.
    public var counts: [Int]
    private let edges: [Double]

    /// Most bins.
    private static let limit = 60

    /// Sorts values into bins about as wide as the rule of Freedman and Diaconis (1981) says: `2 IQR / n^(1/3)`.
    ///
    /// A value on an edge belongs to the bin above it. Traps if there are no values or one is not finite.
    public init(_ values: [Double]) {
        guard let sample = SampleStatistics(values), (sample.maximum - sample.minimum).isFinite else {
            preconditionFailure("\(values.count) values have no bins")
        }
        let span = sample.maximum - sample.minimum
        let quartiles = sample.upperQuartile - sample.lowerQuartile
        let cubicRoot = Self.cubicRoot(Double(sample.count))
        let wanted = quartiles > 0 ? span * cubicRoot / (2 * quartiles) : cubicRoot * 2
        let bins = max(4, min(Self.limit, Int(wanted.rounded(.up))))
        let middle = (sample.minimum + sample.maximum) / 2
        let half = span > 0 ? span / 2 : max(0.5, 0.05 * middle.magnitude)
        // The range is widened by a step on each side, so that all values lie between the first and the last edge.
        let inner = AxisTicks.linear(middle - half...middle + half, atMost: bins + 1).ticks.map(\.value)
        let step = inner.count > 1 ? inner[1] - inner[0] : 2 * half
        let base = inner.first ?? middle
        var edges = inner
        if base > sample.minimum || inner.isEmpty { edges.insert(base - step, at: 0) }
        if (edges.last ?? base) <= sample.maximum { edges.append((edges.last ?? base) + step) }
        self.edges = edges
        var counts = [Int](repeating: 0, count: edges.count - 1)
        for value in values {
            let above = edges.firstIndex { $0 > value } ?? edges.count
            counts[min(max(above - 1, 0), counts.count - 1)] += 1
        }
        self.counts = counts
    }

    /// The lower edge of a bin; that after the last bin is its upper edge.
    public func edge(_ bin: Int) -> Double { edges[bin] }

    /// By Newton's method from above, where it falls steadily.
    private static func cubicRoot(_ value: Double) -> Double {
        var root = max(1, value)
        for _ in 0..<80 { root -= (root * root * root - value) / (3 * root * root) }
        return root
    }
}
