import ChipEmulator
import Glibc
import Substrate
import Testing

/// An effect alone on the ideal chip, and what to measure of it.
struct EffectCase: Sendable, CustomTestStringConvertible {
    /// Number of the effect in `simulator-daemon/EFFECTS.md`.
    let number: Int
    /// Fields of the profile and what they are set to.
    let setting: String
    /// Measures it.
    let measure: @Sendable () throws -> [EffectMeasurement]

    /// All of them.
    static let all = fixed + converting + temporal + events

    /// What a failure names.
    var testDescription: String { "effect \(number): \(setting)" }

    /// The ideal chip but for a change.
    static func idealBut(_ change: (inout ChipProfile) -> Void) -> ChipProfile {
        var profile = ChipProfile.ideal
        change(&profile)
        return profile
    }

    /// Circuits of a profile with targets that tell the time constants apart.
    static func drawn(
        _ profile: ChipProfile, count: Int = 20_000, noiseSeed: UInt64 = 0,
        targets: NeuronTargets = TestBatch.targets(tauMem: 10, excitatory: 5, inhibitory: 7)
    ) -> [NeuronCircuit] {
        (0..<count).map {
            NeuronCircuit(
                targets, codes: nil, circuit: $0, profile: profile, serial: 7,
                noiseSeed: noiseSeed)
        }
    }

    /// Codes `[entry, sample, column]` of a chip.
    static func readings(
        _ profile: ChipProfile, serial: UInt64 = 1, _ batch: DeviceBatch
    ) throws -> [UInt8] {
        var chip = EmulatedChip(profile: profile, serial: serial, threads: 1)
        return try #require(try chip.run(batch).membranes?.codes)
    }

    /// Peaks of the responses of 512 integrating neurons to one event, over what the equations give, minus 1.
    static func responses(
        _ profile: ChipProfile, serial: UInt64, code: Int8, gain: Double, noiseSeed: UInt64 = 1
    ) throws -> [Double] {
        let configuration = TestBatch.single(
            .integrating, size: 512, targets: TestBatch.targets(gain: gain), samples: 5,
            noiseSeed: noiseSeed)
        let batch = TestBatch.batch(
            configuration, codes: Array(repeating: code, count: 512), entries: [[(0, 0)]])
        let nominal = peak(code: code, gain: gain)
        return try readings(profile, serial: serial, batch)[(4 * 512)...].map {
            (Double($0) - 80) / nominal - 1
        }
    }

    /// Response to an event of a code at tick 0 in sample 4, in LSB: `R c t / tau exp(-t / tau)`.
    private static func peak(code: Int8, gain: Double) -> Double {
        let time = 4 * 212 * 0.008 / 6
        return gain * Double(code) * time * exp(-time)
    }

    /// The standard deviation that relative responses have with the rounding to codes.
    static func rounded(_ deviation: Double, code: Int8, gain: Double) -> Double {
        let nominal = peak(code: code, gain: gain)
        return (deviation * deviation + 1 / (12 * nominal * nominal)).squareRoot()
    }
}
