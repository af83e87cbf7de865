internal import Substrate
internal import Tensors

/// The autocovariance of membranes at rest, and the noise that it tells of.
///
/// A membrane with time constant `m` that is moved by a current of correlation time `c` has the autocovariance
/// `s^2 (m exp(-t/m) - c exp(-t/c)) / (m - c)`; white noise of the converter adds at `t = 0` only. At lags far above `c`
/// that is an exponential of another height, so that `c` shows only with the value at zero, less the converter's noise.
struct RestingMovements {
    /// Longest lag, in membrane time constants: what comes later is noise of the estimate (own estimate).
    private static let longest = 2.5
    private static let mostLags = 24
    /// Longest correlation time that is looked for, in membrane time constants.
    private static let slowest = 5.0

    private let settled: Int
    /// Distance of samples, in microseconds.
    private let step: Double
    private let lags: Int
    /// Sums of products, in squares of readings; shape `[circuit, lag]`.
    private var products: [Double]
    /// Products of each lag.
    private var counts: [Int]
    /// Variance of the mean that was taken off, summed over batches; shape `[circuit]`.
    private var meanErrors: [Double]
    private var batches = 0

    /// Nothing added yet.
    init(_ bench: CircuitBench, _ measurement: PotentialMeasurement) {
        settled = measurement.settled
        step = ChipClock.microseconds(ticks: measurement.samplePeriod)
        lags = min(Self.mostLags, max(3, Int(Self.longest * bench.targets.tauMem / step)))
        products = [Double](repeating: 0, count: bench.circuits * (lags + 1))
        counts = [Int](repeating: 0, count: lags + 1)
        meanErrors = [Double](repeating: 0, count: bench.circuits)
    }

    /// Adds a recording.
    ///
    /// - Parameters:
    ///   - means: mean reading of each circuit in this recording.
    ///   - errors: variance of the error of each mean.
    mutating func add(_ recording: Recording, means: [Double], errors: [Double]) {
        guard let membranes = recording.membranes, membranes.sampleCount > settled + lags else { return }
        batches += 1
        for (circuit, error) in errors.enumerated() { meanErrors[circuit] += error }
        let samples = membranes.sampleCount - settled
        var trace = [Double](repeating: 0, count: samples)
        for entry in recording.usableEntries {
            for circuit in means.indices {
                for sample in 0..<samples {
                    let index = (entry * membranes.sampleCount + settled + sample) * means.count + circuit
                    trace[sample] = Double(membranes.codes[index]) - means[circuit]
                }
                for lag in 0...lags {
                    var sum = 0.0
                    for sample in lag..<samples { sum += trace[sample] * trace[sample - lag] }
                    products[circuit * (lags + 1) + lag] += sum
                }
            }
            for lag in 0...lags { counts[lag] += samples - lag }
        }
    }

    /// What moves membranes.
    struct Noise {
        /// Variance of a membrane, in LSB squared.
        var membrane: VarianceEstimate
        /// Correlation time of the current, in microseconds, with its standard error.
        var correlation: (value: Double, error: Double)
        /// Variance that is white, so of the converter, with its rounding; in LSB squared, with its standard error.
        var white: (value: Double, error: Double)
    }

    /// The noise; nil where too few circuits have a known membrane time constant.
    ///
    /// - Parameters:
    ///   - tauMem: in microseconds, NaN where unknown; shape `[circuit]`.
    ///   - gain: of the columns; shape `[circuit]`.
    ///   - converter: variance of the converter's noise without rounding, in squares of readings.
    ///   - regular: which circuits count.
    func noise(tauMem: [Double], gain: [Double], converter: Double, regular: [Bool]) -> Noise? {
        let used = regular.indices.filter { regular[$0] && tauMem[$0].isFinite && gain[$0].isFinite }
        guard used.count >= 32, batches > 0 else { return nil }
        let centre = used.map { tauMem[$0] }.sorted()[used.count / 2]
        func measured(_ includes: (Int) -> Bool) -> [Double] {
            let some = used.filter(includes)
            return (0...lags).map { lag in
                some.reduce(0) { sum, circuit in
                    let covariance = products[circuit * (lags + 1) + lag] / Double(counts[lag])
                    let bias = meanErrors[circuit] / Double(batches)
                    return sum + (covariance + bias) / (gain[circuit] * gain[circuit])
                } / Double(some.count)
            }
        }
        func shape(_ correlation: Double, _ includes: (Int) -> Bool) -> [Double] {
            let some = used.filter(includes)
            return (0...lags).map { lag in
                some.reduce(0) {
                    $0 + Self.shape(Double(lag) * step, membrane: tauMem[$1], current: correlation)
                } / Double(some.count)
            }
        }
        let white = used.reduce(0) { $0 + (max(0, converter) + 1.0 / 12) / (gain[$1] * gain[$1]) } / Double(used.count)
        func fitted(
            _ correlation: Double, lags: PartialRangeFrom<Int>, _ includes: (Int) -> Bool
        ) -> (variance: Double, error: Double) {
            var covariances = measured(includes)
            covariances[0] -= white
            let (c, s) = (covariances[lags], shape(correlation, includes)[lags])
            let variance = zip(c, s).reduce(0) { $0 + $1.0 * $1.1 } / s.reduce(0) { $0 + $1 * $1 }
            let error = zip(c, s).reduce(0) { $0 + ($1.0 - variance * $1.1) * ($1.0 - variance * $1.1) }
            return (variance, error)
        }
        let correlation = Jackknife.estimate { includes in
            Self.minimum(0...Self.slowest * centre) { fitted($0, lags: 0..., includes).error }
        }
        let isWhite =
            correlation.value
            < max(
                FittedField.correlationTime.resolution, FittedNumber.significance * correlation.error)
        let time = isWhite ? 0 : correlation.value
        return Noise(
            membrane: Jackknife.variance(count: used.count) { fitted(time, lags: 1..., $0).variance },
            correlation: correlation,
            white: Jackknife.estimate { measured($0)[0] - fitted(time, lags: 1..., $0).variance })
    }

    /// The autocorrelation of a membrane at a lag; times in microseconds.
    private static func shape(_ lag: Double, membrane: Double, current: Double) -> Double {
        if current < 1e-6 { return PortableMath.exp(-lag / membrane) }
        // With equal time constants the quotient is a limit; a part in a thousand apart it is next to it.
        let current = (current / membrane - 1).magnitude < 1e-3 ? membrane * 1.001 : current
        let (slow, fast) = (PortableMath.exp(-lag / membrane), PortableMath.exp(-lag / current))
        return (membrane * slow - current * fast) / (membrane - current)
    }

    /// The place of the least value of a function with one minimum, by golden sections.
    private static func minimum(_ range: ClosedRange<Double>, _ function: (Double) -> Double) -> Double {
        let golden = 0.618_033_988_749_895
        var (low, high) = (range.lowerBound, range.upperBound)
        var places = [high - golden * (high - low), low + golden * (high - low)]
        var values = places.map(function)
        for _ in 0..<24 {
            if values[0] < values[1] {
                high = places[1]
                places = [high - golden * (high - low), places[0]]
                values = [function(places[0]), values[0]]
            } else {
                low = places[0]
                places = [places[1], low + golden * (high - low)]
                values = [values[1], function(places[1])]
            }
        }
        return (low + high) / 2
    }
}
