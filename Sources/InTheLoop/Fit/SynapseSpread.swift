/// What the strengths of single synapses say of synapses, their converters and the drivers of their rows.
///
/// A strength relative to the mean of its circuit is `driver(half, row) synapse(circuit, row)`: the mean over the circuits
/// of a half is the driver, and what is left is the synapse. Every half of the circuits has its own drivers.
struct SynapseSpread {
    /// Variance of the mean of the middle half of normal numbers, in variances of the mean of all.
    private static let middleMean = 1.2

    /// Variance of row drivers.
    private(set) var rowDriver: VarianceEstimate?
    /// Variance of synapses at the middle of their code range.
    private(set) var synapse: VarianceEstimate?
    /// Variance of the bow `b` in `w = gain c (1 + b (|c| / limit - 1/2))`.
    private(set) var bow: VarianceEstimate?

    /// The spreads of an array.
    init(_ array: SynapseArray) {
        var (drivers, high, low): ([[Double]], [[Double]], [[Double]]) = ([[], []], [[], []], [[], []])
        let half = max(1, array.circuits / 2)
        for sign in array.signs {
            for circuits in [0..<half, half..<array.circuits] where !circuits.isEmpty {
                for repetition in 0..<2 {
                    let strong = Self.split(sign.high[repetition], circuits, array)
                    let weak = Self.split(sign.low[repetition], circuits, array)
                    drivers[repetition] += zip(strong.drivers, weak.drivers).map { ($0 + $1) / 2 }
                    high[repetition] += strong.rest
                    low[repetition] += weak.rest
                }
            }
        }
        let resolution = FittedField.synapse.resolution / FittedField.synapse.scale
        let span = array.codes.high - array.codes.low
        let differences = (0..<2).map { k in zip(high[k], low[k]).map { $0 - $1 } }
        if span > 0 {
            bow = PairedSpread(differences[0], differences[1], resolution: resolution)?.variance
                .scaled(by: 1 / span)
        }
        guard let rest = PairedSpread(low[0], low[1], resolution: resolution) else { return }
        // Means of circuit and row were taken off: the rest has lost a share of the variance.
        let (rows, columns) = (Double(array.rows), Double(half))
        let share = (1 - 1 / rows) * (1 - 1 / columns)
        let bend = array.codes.low - 0.5
        let bent = max(0, bow?.variance ?? 0) * bend * bend
        let synapse = rest.variance.scaled(by: 1 / share.squareRoot(), subtracting: bent * share)
        self.synapse = synapse
        let resolvedDriver = FittedField.rowDriver.resolution / FittedField.rowDriver.scale
        rowDriver = PairedSpread(drivers[0], drivers[1], resolution: resolvedDriver)?.variance
            .scaled(
                by: (1 / (1 - 1 / rows)).squareRoot(),
                subtracting: Self.middleMean * max(0, synapse.variance) / columns)
    }

    /// Drivers, shape `[row]`, and what is left of each synapse, shape `[row, circuit]`, of some circuits.
    private static func split(
        _ strengths: [Double], _ circuits: Range<Int>, _ array: SynapseArray
    ) -> (drivers: [Double], rest: [Double]) {
        var (drivers, rest): ([Double], [Double]) = ([], [])
        for row in 0..<array.rows {
            let line = strengths[row * array.circuits..<(row + 1) * array.circuits]
            let some = line[line.startIndex + circuits.lowerBound..<line.startIndex + circuits.upperBound]
            let finite = some.filter(\.isFinite).sorted()
            // The middle half of the circuits: stuck synapses are no part of the driver.
            let kept = finite.dropFirst(finite.count / 4).dropLast(finite.count / 4)
            let driver = kept.isEmpty ? .nan : kept.reduce(0, +) / Double(kept.count)
            drivers.append(driver)
            rest += some.map { $0 / driver - 1 }
        }
        return (drivers, rest)
    }
}
