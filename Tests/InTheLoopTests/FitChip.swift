import ChipEmulator
import Foundation
import InTheLoop
import Substrate

/// Emulated chips to fit profiles to, and what their circuits really are.
struct FitChip {
    /// The operating point of Cramer et al. 2022.
    static let targets = NeuronTargets(
        leak: 80, reset: 80, threshold: 150, tauMem: 6, tauSynExcitatory: 6, tauSynInhibitory: 6,
        refractory: 2, synapticGain: 0.34)

    /// Unlike any shipped chip.
    static let unusual: ChipProfile = {
        var profile = ChipProfile.standard
        profile.name = "unusual"
        profile.mismatch.tauMem = 0.07
        profile.mismatch.tauSyn = 0.31
        profile.mismatch.threshold = 0.12
        profile.mismatch.thresholdOffset = 0.04
        profile.mismatch.synapticGain = 0.09
        profile.mismatch.leak = 5
        profile.mismatch.reset = 20
        profile.mismatch.synapse = 0.11
        profile.mismatch.synapseBow = 0.08
        profile.mismatch.rowDriver = 0.06
        profile.programming.potential = 0.6
        profile.noise.membrane = 1.6
        profile.noise.threshold = 0.025
        profile.noise.spikeTime = 100
        profile.batchJitter.threshold = 0.008
        profile.batchJitter.leak = 0.4
        profile.converter.offset = 4
        profile.converter.gain = 0.03
        profile.converter.noise = 1.1
        return profile
    }()

    /// The kind of chip.
    let profile: ChipProfile
    /// Which one of its kind.
    let serial: UInt64
    /// The chip.
    let device: EmulatedDevice

    init(_ profile: ChipProfile, serial: UInt64) {
        self.profile = profile
        self.serial = serial
        device = EmulatedDevice(EmulatedChip(profile: profile, serial: serial))
    }

    /// The profile fitted to the chip, or to a device that stands in front of it.
    func fitted(
        to targets: NeuronTargets = targets, through device: (any SpikingDevice)? = nil,
        progress: (FitProgress) -> Void = { _ in }
    ) async throws -> ProfileFit {
        var nextBatch: UInt64 = 0
        return try await ProfileFitter(
            device ?? self.device, description: await self.device.describe(), targets: targets
        ).run(nextBatch: &nextBatch, date: Date(timeIntervalSince1970: 1_700_000_000), progress: progress)
    }

    /// What all circuits are with the codes that are right on paper, without errors of writing.
    var circuits: [NeuronCircuit] {
        var profile = profile
        profile.programming.potential = 0
        profile.programming.relative = 0
        return (0..<profile.geometry.neuronCircuits).map {
            NeuronCircuit(Self.targets, codes: nil, circuit: $0, profile: profile, serial: serial)
        }
    }

    /// Fixed spreads of this very chip, in the units of the fields.
    var spreads: [FittedField: Double] {
        let circuits = circuits
        func deviation(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        }
        /// Of a lognormal factor with mean 1, in per cent.
        func factor(_ columns: [[Double]]) -> Double {
            let squares = columns.map { deviation($0.map { log($0) }) }.map { $0 * $0 }
            return 100 * expm1(squares.reduce(0, +) / Double(columns.count)).squareRoot()
        }
        let swing = Self.targets.threshold - Self.targets.leak
        return [
            .leak: deviation(circuits.map(\.leak)), .reset: deviation(circuits.map(\.reset)),
            .threshold: 100 * deviation(circuits.map(\.threshold)) / swing,
            .tauMem: factor([circuits.map(\.tauMem)]),
            .tauSyn: factor([circuits.map(\.tauSynExcitatory), circuits.map(\.tauSynInhibitory)]),
            .synapticGain: factor([circuits.map(\.synapticGain)]),
            .converterOffset: deviation(circuits.map(\.converterOffset)),
            .converterGain: 100 * deviation(circuits.map(\.converterGain)),
        ]
    }
}

extension ChipProfile {
    /// The value of a field that can be fitted, in the field's unit.
    func value(of field: FittedField) -> Double {
        switch field {
        case .tauMem: 100 * mismatch.tauMem
        case .tauSyn: 100 * mismatch.tauSyn
        case .threshold: 100 * mismatch.threshold
        case .thresholdOffset: 100 * mismatch.thresholdOffset
        case .synapticGain: 100 * mismatch.synapticGain
        case .leak: mismatch.leak
        case .reset: mismatch.reset
        case .synapse: 100 * mismatch.synapse
        case .synapseBow: 100 * mismatch.synapseBow
        case .rowDriver: 100 * mismatch.rowDriver
        case .programming: programming.potential
        case .membraneNoise: noise.membrane
        case .correlationTime: noise.correlationTime
        case .thresholdNoise: 100 * noise.threshold
        case .spikeTime: noise.spikeTime
        case .batchThreshold: 100 * batchJitter.threshold
        case .batchLeak: batchJitter.leak
        case .converterOffset: converter.offset
        case .converterGain: 100 * converter.gain
        case .converterNoise: converter.noise
        }
    }
}
