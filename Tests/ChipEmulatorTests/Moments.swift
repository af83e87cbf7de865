/// Mean and standard deviation of a sample, with their standard errors.
struct Moments {
    /// Number of values.
    let count: Int
    /// Their mean.
    let mean: Double
    /// Their standard deviation.
    let deviation: Double
    /// Of the mean.
    let meanError: Double
    /// Of the deviation: `s / 2 sqrt((kurtosis - 1) / n)`, for any distribution with a fourth moment.
    let deviationError: Double

    /// Excess kurtosis: 0 of a normal distribution, with a standard error of `sqrt(24 / n)`.
    let excess: Double

    /// The moments of at least two values.
    init(_ values: [Double]) {
        let n = Double(values.count)
        let mean = values.reduce(0, +) / n
        let second = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
        let fourth = values.reduce(0) { sum, value in
            let square = (value - mean) * (value - mean)
            return sum + square * square / n
        }
        count = values.count
        self.mean = mean
        deviation = (second * n / (n - 1)).squareRoot()
        meanError = deviation / n.squareRoot()
        let kurtosis = second > 0 ? fourth / (second * second) : 1
        excess = kurtosis - 3
        deviationError = deviation / 2 * (max(0, kurtosis - 1) / n).squareRoot()
    }

    /// Correlation of pairs.
    static func correlation(_ x: [Double], _ y: [Double]) -> Double {
        let (a, b) = (Moments(x), Moments(y))
        let sum = zip(x, y).reduce(0) { $0 + ($1.0 - a.mean) * ($1.1 - b.mean) }
        return sum / Double(x.count - 1) / a.deviation / b.deviation
    }
}
