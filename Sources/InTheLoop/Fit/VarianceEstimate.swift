internal import Tensors

/// An estimate of a variance, with its errors.
struct VarianceEstimate: Equatable {
    /// The variance; below zero where noise has made it so.
    var variance: Double
    /// Its standard error as a figure of this very chip: measuring alone.
    var measurementError: Double
    /// Its standard error as a figure of the kind of chip, of which this chip is one draw.
    var processError: Double
    /// How many things the variance is over.
    var count: Int

    /// The variance of `scale` times the quantity, less a known part.
    func scaled(by scale: Double, subtracting part: Double = 0) -> VarianceEstimate {
        let square = scale * scale
        return VarianceEstimate(
            variance: (variance - part) * square, measurementError: measurementError * square,
            processError: processError * square, count: count)
    }

    /// The variance of a lognormal factor of mean 1 whose logarithm has this one: `exp(variance) - 1`.
    var ofFactor: VarianceEstimate {
        let slope = PortableMath.exp(max(0, variance))
        return VarianceEstimate(
            variance: variance > 0 ? slope - 1 : variance, measurementError: slope * measurementError,
            processError: slope * processError, count: count)
    }

    /// The mean of two estimates of one variance from different things.
    func pooled(with other: VarianceEstimate) -> VarianceEstimate {
        let share = Double(count) / Double(count + other.count)
        func error(_ a: Double, _ b: Double) -> Double {
            (share * share * a * a + (1 - share) * (1 - share) * b * b).squareRoot()
        }
        return VarianceEstimate(
            variance: share * variance + (1 - share) * other.variance,
            measurementError: error(measurementError, other.measurementError),
            processError: error(processError, other.processError), count: count + other.count)
    }
}
