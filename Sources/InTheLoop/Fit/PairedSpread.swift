internal import Tensors

/// The spread over many things, of which each was measured twice with errors that have nothing to do with each other.
///
/// The covariance of both measurements is the variance without the errors; half the variance of their difference is
/// that of the errors.
struct PairedSpread {
    /// Deviations from the median beyond this many standard deviations are no part of a spread but defects (own
    /// estimate): of 100,000 good ones, none is that far.
    private static let outlier = 5.0
    /// Fewer things than this have no spread worth the name.
    private static let fewest = 8

    /// Mean of both measurements.
    let mean: Double
    /// Standard error of the mean, as a figure of the kind of chip.
    let meanError: Double
    /// The variance over the things, errors taken out.
    let variance: VarianceEstimate
    /// Variance of the error of one measurement.
    let noise: Double
    /// Which things count; the others could not be measured or are far off.
    let counts: [Bool]

    /// The spread; nil where too few things were measured.
    ///
    /// - Parameter resolution: a deviation below this, in the unit of the values, is never far off.
    init?(_ first: [Double], _ second: [Double], resolution: Double) {
        let both = zip(first, second).map { ($0 + $1) / 2 }
        counts = Self.regular(both, resolution: resolution)
        let pairs = zip(zip(first, second), counts).filter(\.1).map(\.0)
        guard pairs.count >= Self.fewest else { return nil }
        let count = Double(pairs.count)
        let means = pairs.reduce((0.0, 0.0)) { ($0.0 + $1.0 / count, $0.1 + $1.1 / count) }
        var (product, difference) = (0.0, 0.0)
        for (a, b) in pairs {
            let (x, y) = (a - means.0, b - means.1)
            product += x * y
            difference += (x - y) * (x - y)
        }
        let free = count - 1
        let covariance = product / free
        noise = difference / free / 2
        mean = (means.0 + means.1) / 2
        let fixed = max(0, covariance)
        meanError = ((fixed + noise / 2) / count).squareRoot()
        // Of normal numbers: var cov(x + e, x + f) is 2 v n + n^2 for a given x, and 2 v^2 more for any.
        let measuring = 2 * fixed * noise + noise * noise
        variance = VarianceEstimate(
            variance: covariance, measurementError: (measuring / free).squareRoot(),
            processError: ((measuring + 2 * fixed * fixed) / free).squareRoot(), count: pairs.count)
    }

    /// Which values are finite and not far off.
    static func regular(_ values: [Double], resolution: Double) -> [Bool] {
        let finite = values.filter(\.isFinite).sorted()
        guard !finite.isEmpty else { return values.map { _ in false } }
        let median = finite[finite.count / 2]
        let distances = finite.map { ($0 - median).magnitude }.sorted()
        // 1.4826 times the median distance is the standard deviation of normal numbers.
        let limit = outlier * max(1.4826 * distances[distances.count / 2], resolution)
        return values.map { $0.isFinite && ($0 - median).magnitude <= limit }
    }
}
