/// A sample of numbers summed up.
public struct SampleStatistics: Sendable, Hashable, Codable {
    /// How many numbers.
    public var count: Int
    /// Their mean.
    public var mean: Double
    /// Standard deviation, the estimate with `count - 1`; nil for a single number.
    public var standardDeviation: Double?
    /// The least.
    public var minimum: Double
    /// A quarter of the numbers lies below; between two of them by linear interpolation, as are the next two.
    public var lowerQuartile: Double
    /// Half of the numbers lies below.
    public var median: Double
    /// Three quarters of the numbers lie below.
    public var upperQuartile: Double
    /// The greatest.
    public var maximum: Double

    /// Sums numbers up; nil if there are none.
    public init?(_ values: [Double]) {
        let sorted = values.sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        count = sorted.count
        let mean = sorted.reduce(0, +) / Double(sorted.count)
        self.mean = mean
        let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        standardDeviation = count > 1 ? (squares / Double(count - 1)).squareRoot() : nil
        minimum = first
        lowerQuartile = Self.quantile(0.25, of: sorted)
        median = Self.quantile(0.5, of: sorted)
        upperQuartile = Self.quantile(0.75, of: sorted)
        maximum = last
    }

    /// The quantile by linear interpolation between order statistics (definition 7 of Hyndman and Fan 1996).
    private static func quantile(_ share: Double, of sorted: [Double]) -> Double {
        let position = share * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
    }
}
