internal import Substrate

/// Membranes at rest, in several batches, some of them written anew: where they are, and how they move.
struct RestingMeasurement {
    /// Batches of a measurement.
    static let batches = 8
    /// Batches with one noise seed, which makes one writing of an emulated chip.
    private static let perWriting = 2
    private static let entries = 16
    private static let margin = 4.0

    /// Leak potential of each batch, in LSB, NaN where the CADC does not reach; shape `[batch, circuit]`.
    private(set) var leaks: [[Double]] = []
    /// Variance of the error of each of these, from the halves of the entries; shape `[circuit]`.
    private(set) var errors: [Double]
    /// The movements of each circuit.
    private(set) var movements: RestingMovements

    /// Measures; `finished` is called after each batch.
    init(
        _ bench: inout CircuitBench, codes: [NeuronCodes], columns: ConverterColumns, finished: () -> Void
    ) async throws(DeviceError) {
        let circuits = bench.circuits
        let measurement = PotentialMeasurement(bench, entries: Self.entries)
        errors = [Double](repeating: 0, count: circuits)
        movements = RestingMovements(bench, measurement)
        let highest = Double(bench.geometry.cadcMaximum)
        let seed = bench.noiseSeed
        defer { bench.noiseSeed = seed }
        for batch in 0..<Self.batches {
            bench.noiseSeed = seed &+ UInt64(batch / Self.perWriting)
            let recording = try await measurement.record(&bench, codes: codes)
            finished()
            let halves = (0..<2).map { half in
                ReadingMoments(recording, circuits: circuits, settled: measurement.settled) { $0 % 2 == half }
            }
            let means = halves[0].adding(halves[1]).means
            let readable = means.map { $0 > Self.margin && $0 < highest - Self.margin ? $0 : .nan }
            let (even, odd) = (halves[0].means, halves[1].means)
            var batchErrors: [Double] = []
            for circuit in 0..<circuits {
                // The mean of two halves errs by half of what they differ by.
                let error = (even[circuit] - odd[circuit]) / 2
                batchErrors.append(error * error)
                errors[circuit] += error * error / Double(Self.batches) / square(columns.gain[circuit])
            }
            movements.add(recording, means: means, errors: batchErrors)
            leaks.append(columns.voltages(readable, codes: codes))
        }
    }

    /// The mean over all batches; shape `[circuit]`.
    var mean: [Double] { mean(of: 0..<leaks.count) }

    /// The spread over circuits, less a nominal value.
    func spread(around nominal: Double) -> PairedSpread? {
        let half = leaks.count / 2
        return PairedSpread(
            mean(of: 0..<half).map { $0 - nominal }, mean(of: half..<leaks.count).map { $0 - nominal },
            resolution: FittedField.leak.resolution)
    }

    /// What moves the membranes; arguments as in `RestingMovements`.
    func noise(tauMem: [Double], gain: [Double], converter: Double) -> RestingMovements.Noise? {
        let regular = PairedSpread.regular(mean, resolution: FittedField.leak.resolution)
        return movements.noise(tauMem: tauMem, gain: gain, converter: converter, regular: regular)
    }

    /// Variance from batch to batch of one writing, errors of measuring taken out.
    func byBatch(of regular: [Bool]) -> VarianceEstimate {
        let values = circuitMeans { circuit in
            let pairs = stride(from: 0, to: leaks.count, by: Self.perWriting).map {
                square(leaks[$0][circuit] - leaks[$0 + 1][circuit]) / 2
            }
            return pairs.reduce(0, +) / Double(pairs.count) - errors[circuit]
        }
        return Jackknife.variance(count: regular.count { $0 }) { includes in
            Jackknife.mean(values) { regular[$0] && includes($0) }
        }
    }

    /// Variance from writing to writing, that from batch to batch and errors of measuring taken out.
    func byWriting(of regular: [Bool]) -> VarianceEstimate {
        let values = circuitMeans { circuit in
            var (means, within) = ([Double](), 0.0)
            for first in stride(from: 0, to: leaks.count, by: Self.perWriting) {
                means.append((leaks[first][circuit] + leaks[first + 1][circuit]) / 2)
                within += square(leaks[first][circuit] - leaks[first + 1][circuit]) / 2
            }
            let count = Double(means.count)
            let mean = means.reduce(0, +) / count
            let between = means.reduce(0) { $0 + square($1 - mean) } / (count - 1)
            return between - within / count / Double(Self.perWriting)
        }
        return Jackknife.variance(count: regular.count { $0 }) { includes in
            Jackknife.mean(values) { regular[$0] && includes($0) }
        }
    }

    private func circuitMeans(_ value: (Int) -> Double) -> [Double] { errors.indices.map(value) }

    private func mean(of batches: Range<Int>) -> [Double] {
        errors.indices.map { circuit in
            batches.reduce(0) { $0 + leaks[$1][circuit] } / Double(batches.count)
        }
    }

    private func square(_ x: Double) -> Double { x * x }
}
