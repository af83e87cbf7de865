import ChipEmulator
import Glibc
import Substrate

extension EffectCase {
    /// What is drawn once for each serial, and when something is written.
    static let fixed: [EffectCase] = [
        EffectCase(number: 1, setting: "mismatch.tauMem 0.12") {
            let circuits = drawn(idealBut { $0.mismatch.tauMem = 0.12 })
            return .moments(circuits.map(\.tauMem), 10, 1.2, "tauMem", "us")
        },
        EffectCase(number: 1, setting: "mismatch.tauSyn 0.22") {
            let circuits = drawn(idealBut { $0.mismatch.tauSyn = 0.22 })
            return .moments(circuits.map(\.tauSynExcitatory), 5, 1.1, "tauSynExcitatory", "us")
                + .moments(circuits.map(\.tauSynInhibitory), 7, 1.54, "tauSynInhibitory", "us")
                + [
                    .correlation(
                        circuits.map(\.tauSynExcitatory), circuits.map(\.tauSynInhibitory),
                        "the two of a circuit")
                ]
        },
        EffectCase(number: 1, setting: "mismatch.threshold 0.08, thresholdOffset 0.05") {
            let circuits = drawn(
                idealBut {
                    $0.mismatch.threshold = 0.08
                    $0.mismatch.thresholdOffset = 0.05
                })
            return .moments(circuits.map(\.threshold), 153.5, 5.6, "threshold", "LSB")
        },
        EffectCase(number: 1, setting: "mismatch.synapticGain 0.17") {
            let circuits = drawn(idealBut { $0.mismatch.synapticGain = 0.17 })
            return .moments(circuits.map(\.synapticGain), 1, 0.17, "gain", "LSB per code")
        },
        EffectCase(number: 1, setting: "mismatch.leak 12.8") {
            let batch = TestBatch.batch(
                TestBatch.single(.integrating, size: 512, samples: 1),
                codes: Array(repeating: 0, count: 512), entries: [[]])
            let profile = idealBut { $0.mismatch.leak = 12.8 }
            let found = try (1...20).flatMap { try readings(profile, serial: $0, batch) }
            // Rounding adds 1/12 to the variance.
            let deviation = (12.8 * 12.8 + 1.0 / 12).squareRoot()
            return .moments(found.map(Double.init), 80, deviation, "a resting reading", "LSB")
        },
        EffectCase(number: 1, setting: "mismatch.reset 12.8") {
            let circuits = drawn(idealBut { $0.mismatch.reset = 12.8 })
            return .moments(circuits.map(\.reset), 80, 12.8, "reset", "LSB")
        },
        EffectCase(number: 2, setting: "mismatch.synapse 0.05") {
            let profile = idealBut { $0.mismatch.synapse = 0.05 }
            let found = try (1...8).flatMap {
                try responses(profile, serial: $0, code: 60, gain: 5)
            }
            return .moments(
                found, 0, rounded(0.05, code: 60, gain: 5), "response to code 60, relative", "1")
        },
        EffectCase(number: 2, setting: "mismatch.synapseBow 0.2") {
            let profile = idealBut { $0.mismatch.synapseBow = 0.2 }
            let high = try (1...8).flatMap {
                try responses(profile, serial: $0, code: 60, gain: 5)
            }
            let low = try (1...8).flatMap {
                try responses(profile, serial: $0, code: 21, gain: 14)
            }
            let highest = rounded(0.2 * (60.0 / 63 - 0.5), code: 60, gain: 5)
            let lowest = rounded(0.2 * (0.5 - 21.0 / 63), code: 21, gain: 14)
            return .moments(high, 0, highest, "response to code 60, relative", "1")
                + .moments(low, 0, lowest, "response to code 21, relative", "1")
                + [.correlation(high, low, expected: -1, "the two of a synapse", bias: 0.01)]
        },
        EffectCase(number: 3, setting: "mismatch.rowDriver 0.03") {
            let profile = idealBut { $0.mismatch.rowDriver = 0.03 }
            var rows: [Double] = []
            var unlike = 0
            for serial in UInt64(1)...600 {
                let found = try responses(profile, serial: serial, code: 60, gain: 5)
                rows += [found[0], found[256]]
                // One driver serves a row of 256 circuits.
                unlike += Set(found[..<256]).count + Set(found[256...]).count - 2
            }
            let deviation = rounded(0.03, code: 60, gain: 5)
            return .moments(rows, 0, deviation, "response of a row, relative", "1")
                + [.exact("unlike circuits in a row", expected: 0, measured: Double(unlike))]
        },
        EffectCase(number: 4, setting: "parameters.bits 10") {
            var random = TestRandom(seed: 11)
            var errors: [Double] = []
            var ratios: [Double] = []
            let profile = idealBut { $0.parameters = ChipProfile.standard.parameters }
            for _ in 0..<20_000 {
                var targets = TestBatch.targets(tauMem: random.number(0.5...60))
                targets.leak = random.number(50...160)
                let circuit = NeuronCircuit(
                    targets, codes: nil, circuit: 0, profile: profile, serial: 1)
                errors.append(circuit.leak - targets.leak)
                ratios.append(log(circuit.tauMem / targets.tauMem))
            }
            // Uniform over a step: 341 LSB and a factor of 750, each in 1023 steps.
            let uniform = 1 / 12.0.squareRoot() / 1_023
            return .moments(errors, 0, 341 * uniform, "error of the leak", "LSB")
                + .moments(ratios, 0, log(750) * uniform, "log error of tauMem", "1")
        },
        EffectCase(number: 5, setting: "programming.potential 0.3, relative 0.003") {
            let on = idealBut {
                $0.parameters = ChipProfile.standard.parameters
                $0.programming.potential = 0.3
                $0.programming.relative = 0.003
            }
            let nominal = drawn(idealBut { $0.parameters = ChipProfile.standard.parameters }, count: 1)[0]
            let first = drawn(on, noiseSeed: 1)
            let again = drawn(on, noiseSeed: 1)
            let other = drawn(on, noiseSeed: 2)
            let next = drawn(
                on, noiseSeed: 1,
                targets: TestBatch.targets(tauMem: 10.2, excitatory: 5, inhibitory: 7))
            let moved = zip(first, again).count { $0.threshold != $1.threshold }
            return .moments(first.map { $0.leak - nominal.leak }, 0, 0.3, "error of a leak", "LSB")
                + .moments(
                    first.map { $0.tauMem / nominal.tauMem - 1 }, 0, 0.003,
                    "error of tauMem, relative", "1")
                + [
                    .correlation(first.map(\.leak), other.map(\.leak), "two noise seeds"),
                    .correlation(first.map(\.tauMem), next.map(\.tauMem), "two codes"),
                    .exact("changes when written again", expected: 0, measured: Double(moved)),
                ]
        },
        EffectCase(number: 5, setting: "programming.weight 0.5") {
            let profile = idealBut { $0.programming.weight = 0.5 }
            func errors(code: Int8, seed: UInt64) throws -> [Double] {
                // 18 LSB per code make a code's step 6.6 LSB at the peak.
                try (1...8).flatMap {
                    try responses(profile, serial: $0, code: code, gain: 18, noiseSeed: seed)
                }.map { $0 * Double(code) }
            }
            let first = try errors(code: 20, seed: 1)
            let other = try errors(code: 20, seed: 2)
            let next = try errors(code: 19, seed: 1)
            let deviation = 20 * rounded(0.5 / 20, code: 20, gain: 18)
            return .moments(first, 0, deviation, "error of a weight", "codes")
                + [
                    .correlation(first, other, "two noise seeds"),
                    .correlation(first, next, "two codes"),
                ]
        },
    ]
}

extension [EffectMeasurement] {
    /// Mean and standard deviation of a sample.
    static func moments(
        _ values: [Double], _ mean: Double, _ deviation: Double, _ name: String, _ unit: String,
        meanBias: Double = 0, deviationBias: Double = 0
    ) -> [EffectMeasurement] {
        EffectMeasurement.moments(
            values, mean: mean, deviation: deviation, name, unit: unit, meanBias: meanBias,
            deviationBias: deviationBias)
    }
}
