internal import Substrate
internal import Tensors

/// Offset, gain and noise of the CADC's columns, from samples of common voltages.
struct ConverterMeasurement {
    /// Batches of a measurement, one for each voltage.
    static let batches = 8
    private static let entries = 4
    /// The voltages' parts of an LSB, in eighths less a half: each once, in an order in which what rounding adds to the
    /// readings of a converter without noise is no slope.
    private static let fractions = [0, 1, 5, 4, 3, 2, 6, 7]
    /// Readings this close to the ends of the range are clipped, in LSB.
    private static let margin = 4.0

    /// From all entries.
    let columns: ConverterColumns
    /// From the even and from the odd entries.
    let halves: [ConverterColumns]
    /// Variance of a sample of a constant voltage without the rounding, in LSB squared.
    let noise: VarianceEstimate

    /// Measures; `finished` is called after each batch.
    init(
        _ bench: inout CircuitBench, codes: [NeuronCodes], finished: () -> Void
    ) async throws(DeviceError) {
        let highest = Double(bench.geometry.cadcMaximum)
        let measurement = PotentialMeasurement(bench, entries: Self.entries)
        var readings = [[[Double]]](repeating: [], count: 3)
        var voltages: [Double] = []
        var squares = [Double](repeating: 0, count: bench.circuits)
        var used = [Int](repeating: 0, count: bench.circuits)
        for index in 0..<Self.batches {
            let place = Double(index) / Double(Self.batches - 1)
            let part = (Double(Self.fractions[index]) + 0.5) / Double(Self.batches)
            let voltage = ((0.2 + 0.55 * place) * highest).rounded() + part
            let recording = try await measurement.record(&bench, codes: codes, reference: voltage)
            finished()
            voltages.append(voltage)
            let moments = (0..<2).map { half in
                ReadingMoments(recording, circuits: bench.circuits, settled: measurement.settled) { $0 % 2 == half }
            }
            let both = moments[0].adding(moments[1])
            for (k, moments) in [both, moments[0], moments[1]].enumerated() { readings[k].append(moments.means) }
            for circuit in squares.indices where Self.isReadable(both.means[circuit], highest) {
                squares[circuit] += both.variances[circuit]
                used[circuit] += 1
            }
        }
        let lines = readings.map { Self.columns($0, voltages: voltages, highest: highest) }
        columns = lines[0]
        halves = [lines[1], lines[2]]
        let variances = zip(squares, used).map { $1 == 0 ? .nan : $0 / Double($1) }
        let regular = PairedSpread.regular(variances, resolution: 0.05)
        noise = Jackknife.variance(count: regular.count { $0 }) { includes in
            Self.unrounded(Jackknife.mean(variances) { regular[$0] && includes($0) })
        }
    }

    private static func isReadable(_ reading: Double, _ highest: Double) -> Bool {
        reading > margin && reading < highest - margin
    }

    /// Lines through the mean readings; shape of `readings`: `[voltage, circuit]`.
    private static func columns(
        _ readings: [[Double]], voltages: [Double], highest: Double
    ) -> ConverterColumns {
        var columns = ConverterColumns(gain: [], offset: [])
        for circuit in readings[0].indices {
            let points = zip(voltages, readings).map { ($0, $1[circuit]) }.filter { isReadable($1, highest) }
            let count = Double(points.count)
            let centre = points.reduce((0.0, 0.0)) { ($0.0 + $1.0 / count, $0.1 + $1.1 / count) }
            let (xx, xy) = points.reduce((0.0, 0.0)) {
                let x = $1.0 - centre.0
                return ($0.0 + x * x, $0.1 + x * ($1.1 - centre.1))
            }
            let gain = points.count < 3 ? .nan : xy / xx
            columns.gain.append(gain)
            columns.offset.append(centre.1 - gain * centre.0)
        }
        return columns
    }

    /// The variance before rounding, given the mean variance of rounded numbers whose fractions are spread evenly.
    ///
    /// Rounding adds 1/12 in all. The part of it that is the same for every reading of a voltage, the bias of their
    /// mean, is no variance of readings; by its Fourier series that part has the variance
    /// `sum over k of exp(-4 pi^2 k^2 v) / (2 pi^2 k^2)`.
    static func unrounded(_ variance: Double) -> Double {
        guard variance.isFinite else { return .nan }
        func rounded(_ v: Double) -> Double {
            let square = Double.pi * Double.pi
            var result = v + 1.0 / 12
            for k in 1...40 {
                let order = Double(k * k) * square
                result -= PortableMath.exp(-min(4 * order * v, 700)) / (2 * order)
            }
            return result
        }
        guard variance > rounded(0) else { return 0 }
        var (low, high) = (0.0, variance)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if rounded(middle) < variance { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

/// Means and variances of the CADC codes of each circuit over samples and entries.
struct ReadingMoments {
    private var sums: [Int]
    private var squares: [Int]
    private var count = 0

    /// The moments of the samples from `settled` on, of some entries.
    init(_ recording: Recording, circuits: Int, settled: Int, where includes: (Int) -> Bool) {
        sums = [Int](repeating: 0, count: circuits)
        squares = sums
        guard let membranes = recording.membranes else { return }
        for entry in recording.usableEntries where includes(entry) {
            for sample in settled..<membranes.sampleCount {
                for (circuit, code) in membranes.codes(entry: entry, sample: sample).enumerated() {
                    sums[circuit] += Int(code)
                    squares[circuit] += Int(code) * Int(code)
                }
                count += 1
            }
        }
    }

    /// The moments of both.
    func adding(_ other: ReadingMoments) -> ReadingMoments {
        var result = self
        result.count += other.count
        for circuit in sums.indices {
            result.sums[circuit] += other.sums[circuit]
            result.squares[circuit] += other.squares[circuit]
        }
        return result
    }

    /// Mean codes, NaN without samples; shape `[circuit]`.
    var means: [Double] { sums.map { Double($0) / Double(count) } }

    /// Variances, NaN without two samples; shape `[circuit]`.
    var variances: [Double] {
        zip(sums, squares).map { sum, square in
            let n = Double(count)
            return count < 2 ? .nan : (Double(square) - Double(sum) * Double(sum) / n) / (n - 1)
        }
    }
}
