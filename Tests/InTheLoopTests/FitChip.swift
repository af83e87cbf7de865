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
        profile.mismatch.thresholdOffset = 0
        profile.mismatch.synapticGain = 0.09
        profile.mismatch.leak = 5
        profile.mismatch.reset = 20
        profile.mismatch.synapse = 0.11
        profile.mismatch.synapseBow = 0
        profile.mismatch.rowDriver = 0.06
        profile.noise.membrane = 1.6
        profile.converter.offset = 4
        profile.converter.gain = 0.03
        profile.converter.noise = 1.1
        return profile
    }()

    let profile: ChipProfile
    let serial: UInt64
    let device: EmulatedDevice

    init(_ profile: ChipProfile, serial: UInt64) {
        self.profile = profile
        self.serial = serial
        device = EmulatedDevice(EmulatedChip(profile: profile, serial: serial))
    }

    /// The profile fitted to the chip.
    func fitted(to targets: NeuronTargets = targets) async throws -> ProfileFit {
        var nextBatch: UInt64 = 0
        return try await ProfileFitter(device, description: await device.describe(), targets: targets)
            .run(nextBatch: &nextBatch, date: Date(timeIntervalSince1970: 1_700_000_000))
    }

    /// A circuit with the codes that are right on paper.
    func circuit(_ number: Int, targets: NeuronTargets = targets) -> NeuronCircuit {
        NeuronCircuit(targets, codes: nil, circuit: number, profile: profile, serial: serial)
    }

    /// A property of all circuits.
    func circuits(_ value: (NeuronCircuit) -> Double) -> [Double] {
        (0..<profile.geometry.neuronCircuits).map { value(circuit($0)) }
    }
}
