/// A quantity of an effect: what the model gives and what was measured.
struct EffectMeasurement {
    /// Standard errors of a confidence interval: 99.994 % of normal estimates lie within.
    static let standardErrors = 4.0

    /// What it is, with its unit.
    let quantity: String
    /// By the model.
    let expected: Double
    /// As measured.
    let measured: Double
    /// Half of the confidence interval; zero where the model leaves nothing to chance.
    let interval: Double
    /// How far the method itself may be off: rounding to codes and ticks.
    let bias: Double
    /// Size of the sample.
    let count: Int

    /// Whether the model's value lies in the interval.
    var passes: Bool { abs(measured - expected) <= interval + bias + 1e-9 * abs(expected) }

    /// A quantity with its standard error.
    init(
        _ quantity: String, expected: Double, measured: Double, error: Double, count: Int,
        bias: Double = 0
    ) {
        self.quantity = quantity
        self.expected = expected
        self.measured = measured
        interval = Self.standardErrors * error
        self.bias = bias
        self.count = count
    }

    /// Mean and standard deviation of a sample.
    static func moments(
        _ values: [Double], mean: Double, deviation: Double, _ name: String, unit: String,
        meanBias: Double = 0, deviationBias: Double = 0
    ) -> [EffectMeasurement] {
        let found = Moments(values)
        let suffix = unit == "1" ? "" : ", \(unit)"
        return [
            EffectMeasurement(
                "mean of \(name)\(suffix)", expected: mean, measured: found.mean,
                error: found.meanError, count: found.count, bias: meanBias),
            EffectMeasurement(
                "SD of \(name)\(suffix)", expected: deviation, measured: found.deviation,
                error: found.deviationError, count: found.count, bias: deviationBias),
        ]
    }

    /// How often something happens.
    static func share(
        _ hits: Int, of count: Int, probability: Double, _ name: String
    ) -> EffectMeasurement {
        EffectMeasurement(
            "share of \(name)", expected: probability, measured: Double(hits) / Double(count),
            error: (probability * (1 - probability) / Double(count)).squareRoot(), count: count)
    }

    /// A correlation, whose standard error is that of independent numbers.
    static func correlation(
        _ x: [Double], _ y: [Double], expected: Double = 0, _ name: String, bias: Double = 0
    ) -> EffectMeasurement {
        EffectMeasurement(
            "correlation of \(name)", expected: expected, measured: Moments.correlation(x, y),
            error: (1 - expected * expected) / Double(x.count).squareRoot(), count: x.count,
            bias: bias)
    }

    /// The excess kurtosis of normal numbers.
    static func excess(_ values: [Double], _ name: String) -> EffectMeasurement {
        EffectMeasurement(
            "excess kurtosis of \(name)", expected: 0, measured: Moments(values).excess,
            error: (24 / Double(values.count)).squareRoot(), count: values.count)
    }

    /// Something that the model leaves to no chance.
    static func exact(
        _ quantity: String, expected: Double, measured: Double, count: Int = 1, bias: Double = 0
    ) -> EffectMeasurement {
        EffectMeasurement(
            quantity, expected: expected, measured: measured, error: 0, count: count, bias: bias)
    }
}
