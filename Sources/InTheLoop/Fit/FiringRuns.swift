internal import Substrate

/// Neurons that fire by themselves, in three batches: two of one writing, and one written anew.
struct FiringRuns {
    /// Batches that they take, those of their leak potentials too.
    static let batches = 5
    private static let entries = 24
    /// Way of the membrane from threshold to leak potential below which intervals are too long and too uneven, in LSB.
    private static let leastDrive = 12.0

    /// A batch, its potentials as voltages; shapes `[circuit]`, NaN where a circuit does not fire regularly.
    struct Run {
        /// Reset potential, in LSB.
        var reset: [Double]
        /// Threshold, in LSB.
        var threshold: [Double]
        /// Variance of the error of the threshold, from the halves of the entries, in LSB squared.
        var thresholdError: [Double]
        /// What the threshold comes out too high by for each LSB that the leak potential is taken too high.
        var leakSensitivity: [Double]
        /// Membrane time constant, in microseconds.
        var tauMem: [Double]
        /// Leak potential less threshold, in LSB.
        var drive: [Double]
    }

    /// Distance of threshold and leak potential that thresholds are relative to, in LSB; shape `[circuit]`.
    ///
    /// Codes are written on a chip whose targets say what is asked for. Without codes the target of the leak potential
    /// itself is above the threshold.
    let swings: [Double]
    /// The three batches.
    private(set) var runs: [Run] = []
    private var jitter: FiringJitter

    /// Measures; `finished` is called after each batch.
    ///
    /// - Parameter codes: with the leak potential where it should be.
    init(
        _ bench: inout CircuitBench, codes: [NeuronCodes], columns: ConverterColumns, finished: () -> Void
    ) async throws(DeviceError) {
        let measurement = FiringMeasurement(bench, entries: Self.entries)
        let rest = PotentialMeasurement(bench, entries: Self.entries)
        let driven = measurement.firing(codes)
        let (parameters, targets) = (bench.parameters, bench.targets)
        let takesCodes = bench.takesCodes
        swings = driven.map { codes in
            let leak = takesCodes ? targets.leak : parameters.values(of: codes).leak
            return (targets.threshold - leak).magnitude
        }
        let seed = bench.noiseSeed
        defer { bench.noiseSeed = seed }
        jitter = FiringJitter(circuits: bench.circuits)
        for repetitions in [2, 1] {
            let leaks = try await rest.readings(&bench, codes: driven)
            finished()
            for _ in 0..<repetitions {
                let recording = try await measurement.record(&bench, codes: driven)
                finished()
                let values = measurement.values(of: recording, leaks: leaks)
                let halves = (0..<2).map { half in
                    measurement.values(of: recording.keeping { $0 % 2 == half }, leaks: leaks).threshold
                }
                let shifted = measurement.values(of: recording, leaks: leaks.map { $0 + 1 }).threshold
                jitter.add(recording, skipped: measurement.skippedSpikes)
                let potentials = columns.voltages(leaks, codes: driven)
                let threshold = columns.voltages(values.threshold, codes: driven)
                runs.append(
                    Run(
                        reset: columns.voltages(values.reset, codes: driven), threshold: threshold,
                        thresholdError: leaks.indices.map { circuit in
                            let error = (halves[0][circuit] - halves[1][circuit]) / 2 / columns.gain[circuit]
                            return error * error
                        },
                        leakSensitivity: zip(shifted, values.threshold).map { $0 - $1 },
                        tauMem: values.tauMem, drive: zip(potentials, threshold).map { $0 - $1 }))
            }
            bench.noiseSeed &+= 1
        }
    }

    /// Membrane time constants, the mean of all batches, in microseconds; shape `[circuit]`.
    var tauMem: [Double] {
        runs[0].tauMem.indices.map { circuit in
            runs.reduce(0) { $0 + $1.tauMem[circuit] } / Double(runs.count)
        }
    }

    /// The spread over circuits of what `value` makes of a batch: the first writing against the second.
    func spread(resolution: Double, _ value: (Run) -> [Double]) -> PairedSpread? {
        let (first, second) = (value(runs[0]), value(runs[1]))
        return PairedSpread(
            zip(first, second).map { ($0 + $1) / 2 }, value(runs[2]), resolution: resolution)
    }

    /// Circuits with a threshold in each batch and enough drive, so that intervals tell of thresholds.
    private var steady: [Bool] {
        runs[0].drive.indices.map { circuit in
            runs.allSatisfy { $0.drive[circuit] > Self.leastDrive && $0.tauMem[circuit].isFinite }
        }
    }

    /// Variance of thresholds from batch to batch of one writing, errors of measuring taken out, relative to the swing.
    ///
    /// - Parameter leak: variance of leak potentials from batch to batch, in LSB squared, which moves thresholds as they
    ///   are measured.
    func thresholdByBatch(leak: Double) -> VarianceEstimate {
        let values = zip(runs[0].threshold.indices, steady).map { circuit, isSteady in
            let change = runs[0].threshold[circuit] - runs[1].threshold[circuit]
            let error = (runs[0].thresholdError[circuit] + runs[1].thresholdError[circuit]) / 2
            let sensitivity = runs[0].leakSensitivity[circuit]
            let variance = change * change / 2 - error - sensitivity * sensitivity * max(0, leak)
            return isSteady ? variance / (swings[circuit] * swings[circuit]) : .nan
        }
        return mean(values)
    }

    /// Variance of thresholds from entry to entry, relative to the swing.
    ///
    /// With `V(T) = D - (D - R) exp(-T / tau_m)` at the threshold, an interval grows by `tau_m / (D - threshold)` for
    /// each LSB of the threshold.
    var thresholdByEntry: VarianceEstimate {
        let (drive, tauMem) = (runs[0].drive, tauMem)
        let values = zip(jitter.byEntry.enumerated(), steady).map { circuit, isSteady in
            let slope =
                ChipClock.ticksPerMicrosecond * tauMem[circuit.offset] / drive[circuit.offset]
                * swings[circuit.offset]
            return isSteady ? circuit.element / (slope * slope) : .nan
        }
        return mean(values)
    }

    /// Variance of recorded spike times, in microseconds squared.
    var spikeTimes: VarianceEstimate {
        let values = zip(jitter.ofTimes, steady).map { $1 ? $0 : .nan }
        return mean(values).scaled(by: 1 / ChipClock.ticksPerMicrosecond)
    }

    /// The mean over circuits.
    private func mean(_ values: [Double]) -> VarianceEstimate {
        let count = values.count(where: \.isFinite)
        return Jackknife.variance(count: count) { Jackknife.mean(values, $0) }
    }
}

extension Recording {
    /// The recording with some entries only; the others are marked as not on schedule.
    func keeping(_ includes: (Int) -> Bool) -> Recording {
        var result = self
        let good = validity.isEmpty ? spikes.ends.map { _ in EntryValidity() } : validity
        result.validity = good.enumerated().map { includes($0) ? $1 : $1.union(.timingOverrun) }
        return result
    }
}
