/// Standard errors of any statistic over circuits, by leaving out each sixteenth of them in turn (Tukey's jackknife).
enum Jackknife {
    private static let blocks = 16

    /// The statistic over all circuits, and its standard error.
    ///
    /// - Parameter statistic: the value over the circuits for which its argument gives `true`; NaN where it has none.
    static func estimate(
        _ statistic: (_ includes: (Int) -> Bool) -> Double
    ) -> (value: Double, error: Double) {
        let value = statistic { _ in true }
        let partial = (0..<blocks).map { block in statistic { $0 % blocks != block } }
        let mean = partial.reduce(0, +) / Double(blocks)
        let squares = partial.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (value, (squares * Double(blocks - 1) / Double(blocks)).squareRoot())
    }

    /// A variance that is the same for all circuits, as trials give it.
    static func variance(
        count: Int, _ statistic: (_ includes: (Int) -> Bool) -> Double
    ) -> VarianceEstimate {
        let (value, error) = estimate(statistic)
        return VarianceEstimate(
            variance: value, measurementError: error, processError: error, count: count)
    }

    /// The mean of the finite values of some circuits.
    static func mean(_ values: [Double], _ includes: (Int) -> Bool) -> Double {
        var (sum, count) = (0.0, 0)
        for (circuit, value) in values.enumerated() where value.isFinite && includes(circuit) {
            sum += value
            count += 1
        }
        return sum / Double(count)
    }
}
