import ChipEmulator
import Glibc
import Substrate

extension EffectCase {
    /// What changes from trial to trial, from batch to batch, and slowly.
    static let temporal: [EffectCase] = [
        EffectCase(number: 6, setting: "noise.membrane 1, converter.noise 0.6") {
            let profile = idealBut {
                $0.noise.membrane = 1
                $0.converter.noise = 0.6
            }
            let pairs = try restingPairs(profile, tauMem: 6)
            // The membrane remembers, the converter does not.
            let variance = 1 + 0.36 + 1.0 / 12
            return .moments(pairs.last, 80, variance.squareRoot(), "a resting reading", "LSB")
                + [
                    .correlation(
                        pairs.before, pairs.last, expected: exp(-1.696 / 6) / variance,
                        "neighbouring samples")
                ]
        },
        EffectCase(number: 6, setting: "noise.membrane 12, membranes of 0.5 us") {
            // Of a step's noise three quarters are new, so that its own distribution shows.
            let noises = try restingPairs(idealBut { $0.noise.membrane = 12 }, tauMem: 0.5).last
            func apart(_ distance: Int) -> EffectMeasurement {
                let first = noises.indices.filter { $0 / distance % 2 == 0 }
                return .correlation(
                    first.map { noises[$0] }, first.map { noises[$0 + distance] },
                    "columns \(distance) apart")
            }
            return .moments(noises, 80, (144 + 1.0 / 12).squareRoot(), "a resting reading", "LSB")
                + [.excess(noises, "a resting reading"), apart(1), apart(8), apart(16), apart(32)]
        },
        EffectCase(number: 6, setting: "noise.membrane 3, noise.correlationTime 4") {
            let profile = idealBut {
                $0.noise.membrane = 3
                $0.noise.correlationTime = 4
            }
            let pairs = try restingPairs(profile, tauMem: 3)
            // An AR(2) process with poles a and b, five steps apart.
            let (a, b) = (exp(-1.696 / 5 / 4), exp(-1.696 / 5 / 3))
            let upper = pow(a, 6) * (1 - b * b) - pow(b, 6) * (1 - a * a)
            let correlation = upper / ((a - b) * (1 + a * b))
            let variance = 9 + 1.0 / 12
            return .moments(pairs.last, 80, variance.squareRoot(), "a resting reading", "LSB")
                + [
                    .correlation(
                        pairs.before, pairs.last, expected: correlation * 9 / variance,
                        "neighbouring samples")
                ]
        },
        EffectCase(number: 8, setting: "noise.spikeTime 60") {
            let deviation = (7.5 * 7.5 + 1.0 / 12).squareRoot()
            return try firstSpikes(idealBut { $0.noise.spikeTime = 60 }, deviation, spread: 7.5)
        },
        EffectCase(number: 8, setting: "noise.threshold 0.015") {
            // R w t / tau exp(-t / tau) = 70 LSB, and its slope there.
            var time = 0.0
            while 315 * time / 6 * exp(-time / 6) < 70 { time += 1e-4 }
            let slope = 315 / 6 * exp(-time / 6) * (1 - time / 6)
            let ticks = 0.015 * 70 / slope * 125
            let deviation = (ticks * ticks + 1.0 / 12).squareRoot()
            return try firstSpikes(idealBut { $0.noise.threshold = 0.015 }, deviation, spread: ticks)
        },
        EffectCase(number: 9, setting: "batchJitter.leak 0.2, threshold 0.003") {
            let profile = idealBut {
                $0.batchJitter.leak = 0.2
                $0.batchJitter.threshold = 0.003
            }
            let shifts = (1...40).map { shifted(profile, batch: $0) }
            return .moments(shifts.joined().map(\.leak), 0, 0.2, "shift of a leak", "LSB")
                + .moments(
                    shifts.joined().map(\.threshold), 0, 0.003, "shift of a threshold, relative",
                    "1")
                + [
                    .correlation(
                        shifts.dropLast().joined().map(\.leak),
                        shifts.dropFirst().joined().map(\.leak), "neighbouring batches")
                ]
        },
        EffectCase(number: 9, setting: "batchJitter.tauMem, tauSyn, synapticGain 0.05") {
            let profile = idealBut {
                $0.batchJitter.tauMem = 0.05
                $0.batchJitter.tauSyn = 0.05
                $0.batchJitter.synapticGain = 0.05
            }
            let shifts = (1...40).flatMap { shifted(profile, batch: $0) }
            return .moments(shifts.map(\.tauMem), 1, 0.05, "factor of tauMem", "1")
                + .moments(shifts.map(\.tauSynExcitatory), 1, 0.05, "factor of tauSyn exc.", "1")
                + .moments(shifts.map(\.tauSynInhibitory), 1, 0.05, "factor of tauSyn inh.", "1")
                + .moments(shifts.map(\.synapticGain), 1, 0.05, "factor of the gain", "1")
        },
        EffectCase(number: 10, setting: "drift.leak 2, shortest 1 s, longest 1000 s") {
            let profile = idealBut {
                $0.drift.leak = 2
                $0.drift.longest = 1_000
                $0.timing.batchPeriod = 1
            }
            func leaks(_ seconds: UInt64) -> [Double] {
                shifted(profile, batch: seconds, circuits: 20_000).map(\.leak)
            }
            var found: [EffectMeasurement] = []
            for time in [UInt64(3), 50, 700, 20_000] {
                // Octave k has moved by 2 - 2 sqrt(1 - f) of its variance until f = t / 2^k, and by 2 after.
                var moved = 0.0
                for octave in 0..<10 {
                    let part = min(1, Double(time) / Double(1 << octave))
                    moved += 2 - 2 * (1 - part).squareRoot()
                }
                let deviation: Double = 2 * (moved / 20).squareRoot()
                found += .moments(leaks(time), 0, deviation, "drift after \(time) s", "LSB")
            }
            found.append(.exact("drift at 0 s, LSB", expected: 0, measured: Moments(leaks(0)).mean))
            return found + allan(profile, scale: 2)
        },
        EffectCase(number: 11, setting: "temperature.leak 0.5 /K, tau 0.004 /K, spread 0.2, 35 C") {
            let profile = idealBut {
                $0.temperature.celsius = 35
                $0.temperature.leak = 0.5
                $0.temperature.tau = 0.004
                $0.temperature.threshold = -0.001
                $0.temperature.synapticGain = 0.002
                $0.temperature.spread = 0.2
            }
            let shifts = shifted(profile, batch: 1, circuits: 20_000)
            return .moments(shifts.map(\.leak), 5, 1, "shift of a leak", "LSB")
                + .moments(shifts.map { log($0.tauMem) }, 0.04, 0.008, "log factor of tauMem", "1")
                + .moments(shifts.map(\.threshold), -0.01, 0.002, "threshold, relative", "1")
                + .moments(
                    shifts.map { log($0.synapticGain) }, 0.02, 0.004, "log factor of the gain", "1")
        },
        EffectCase(number: 11, setting: "temperature.swing 3, period 400 s") {
            let profile = idealBut {
                $0.temperature.swing = 3
                $0.temperature.period = 400
                $0.timing.batchPeriod = 1
            }
            var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
            let expected: [(UInt64, Double)] = [
                (0, 25), (100, 28), (250, 25 - 3 / 2.0.squareRoot()), (300, 22),
            ]
            return try expected.map { seconds, celsius in
                let batch = TestBatch.batch(
                    TestBatch.single(.integrating), codes: [0], entries: [[]], id: seconds)
                return EffectMeasurement.exact(
                    "temperature after \(seconds) s, C", expected: celsius,
                    measured: try chip.run(batch).temperature ?? .nan)
            }
        },
    ]

    /// The last two samples of 256 membranes without inputs in 200 entries.
    private static func restingPairs(
        _ profile: ChipProfile, tauMem: Double
    ) throws -> (before: [Double], last: [Double]) {
        let configuration = TestBatch.single(
            .integrating, size: 256, targets: TestBatch.targets(tauMem: tauMem))
        let codes = try readings(
            profile,
            TestBatch.batch(
                configuration, codes: Array(repeating: 0, count: 256),
                entries: Array(repeating: [], count: 200)))
        func sample(_ index: Int) -> [Double] {
            var values: [Double] = []
            for entry in 0..<200 {
                let first = (entry * 20 + index) * 256
                values += codes[first..<first + 256].map(Double.init)
            }
            return values
        }
        return (sample(18), sample(19))
    }

    /// First spikes of 50 equal neurons in 100 entries.
    private static func firstSpikes(
        _ profile: ChipProfile, _ deviation: Double, spread: Double
    ) throws -> [EffectMeasurement] {
        let configuration = TestBatch.single(
            .spiking, size: 50, targets: TestBatch.targets(gain: 5), samples: 0)
        var chip = EmulatedChip(profile: profile, serial: 9, threads: 1)
        var ideal = EmulatedChip(profile: .ideal, serial: 9, threads: 1)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: 63, count: 50),
            entries: Array(repeating: [(300, 0)], count: 100))
        let nominal = try ideal.run(batch).spikes.events[0].tick
        let spikes = try chip.run(batch).spikes
        var times: [Double] = []
        for entry in 0..<100 {
            var seen: Set<UInt16> = []
            for event in spikes[entry: entry] where seen.insert(event.unit).inserted {
                times.append(Double(event.tick) - Double(nominal))
            }
        }
        // The nominal time is rounded to a tick; a crossing is not quite linear in the threshold.
        return .moments(
            times, 0, deviation, "first spike time - nominal", "ticks", meanBias: 0.5,
            deviationBias: 0.02 * spread)
    }

    /// The shifts of circuits in a batch.
    private static func shifted(
        _ profile: ChipProfile, batch: UInt64, circuits: UInt32 = 512
    ) -> [CircuitShift] {
        BatchConditions(profile: profile, serial: 3, noiseSeed: 1, batch: batch)
            .shifts(of: Array(0..<circuits))
    }

    /// The Allan variance, which 1/f noise has in equal size at all times of averaging, where white noise falls with
    /// their inverse; the octaves make it ripple.
    private static func allan(_ profile: ChipProfile, scale: Double) -> [EffectMeasurement] {
        let start = 100_000
        let length = 512
        let series = (0..<length).map {
            shifted(profile, batch: UInt64(start + $0), circuits: 256).map(\.leak)
        }
        return [4, 16, 64].map { span in
            // Weights of the times in each step from one mean to the next.
            let pairs = length / span - 1
            func variance(_ covariance: (Int, Int) -> Double) -> Double {
                var sum = 0.0
                for pair in 0..<pairs {
                    let first = pair * span
                    for s in first..<first + 2 * span {
                        for t in first..<first + 2 * span {
                            let sign: Double = (s < first + span) == (t < first + span) ? 1 : -1
                            sum += sign * covariance(s, t)
                        }
                    }
                }
                return sum / Double(2 * pairs * span * span)
            }
            let expected = variance { s, t in
                var sum = 0.0
                for octave in 0..<10 {
                    sum += latticeCovariance(start + min(s, t), start + max(s, t), 1 << octave)
                }
                return scale * scale * sum / 20
            }
            let found = (0..<256).map { circuit in
                var sum = 0.0
                for pair in 0..<pairs {
                    var step = 0.0
                    for t in pair * span..<(pair + 2) * span {
                        step += (t < (pair + 1) * span ? -1 : 1) * series[t][circuit]
                    }
                    sum += step * step
                }
                return sum / Double(2 * pairs * span * span)
            }
            let moments = Moments(found)
            return EffectMeasurement(
                "Allan variance at \(span) s, LSB^2", expected: expected, measured: moments.mean,
                error: moments.meanError, count: 256 * pairs)
        }
    }

    /// Covariance of lattice noise at two times, the earlier first: nodes that both share, by their weights.
    private static func latticeCovariance(_ s: Int, _ t: Int, _ spacing: Int) -> Double {
        let (f, g) = (Double(s % spacing) / Double(spacing), Double(t % spacing) / Double(spacing))
        switch t / spacing - s / spacing {
        case 0: return ((1 - f) * (1 - g)).squareRoot() + (f * g).squareRoot()
        case 1: return (f * (1 - g)).squareRoot()
        default: return 0
        }
    }
}
