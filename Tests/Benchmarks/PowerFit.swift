import Glibc

/// A power law `y = factor * x^exponent`, fitted by least squares between the logarithms.
package struct PowerFit: Codable {
    /// The exponent.
    package var exponent: Double
    /// The value at x = 1.
    package var factor: Double
    /// Largest ratio of a value to the law, or of the law to a value.
    package var worst: Double

    /// Fits positive values; nil with fewer than two different x.
    package init?(_ points: [(x: Double, y: Double)]) {
        let logs = points.map { (x: log($0.x), y: log($0.y)) }
        let count = Double(logs.count)
        let meanX = logs.reduce(0) { $0 + $1.x } / count
        let meanY = logs.reduce(0) { $0 + $1.y } / count
        let variance = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
        guard variance > 0 else { return nil }
        let slope = logs.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) } / variance
        exponent = slope
        factor = exp(meanY - slope * meanX)
        worst = exp(logs.map { abs($0.y - meanY - slope * ($0.x - meanX)) }.max() ?? 0)
    }
}
