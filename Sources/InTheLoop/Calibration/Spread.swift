/// Centre and spread of a sample, without its tails.
public struct Spread: Sendable, Equatable, Codable {
    /// Share of the sample that is left out at each end, as in the regression tests of calix.
    public static let trimmed = 0.05

    /// Mean of what is left after trimming.
    public var mean: Double
    /// Standard deviation of what is left after trimming.
    public var deviation: Double
    /// Median of the finite values.
    public var median: Double
    /// Finite values of the sample.
    public var count: Int

    /// The spread of the finite values; NaN where there are none.
    public init(of values: [Double]) {
        let finite = values.filter(\.isFinite).sorted()
        count = finite.count
        guard !finite.isEmpty else {
            (mean, deviation, median) = (.nan, .nan, .nan)
            return
        }
        let cut = Int(Double(count) * Self.trimmed)
        let kept = finite[cut..<count - cut]
        let centre = kept.reduce(0, +) / Double(kept.count)
        let squares = kept.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
        mean = centre
        deviation = (squares / Double(max(1, kept.count - 1))).squareRoot()
        median = (finite[(count - 1) / 2] + finite[count / 2]) / 2
    }
}
