import ChipEmulator
import Foundation
import InTheLoop
import Substrate

/// Emulated chips that need a calibration, and what their neurons really are.
struct CalibrationChip {
    /// The operating point of Cramer et al. 2022.
    static let targets = NeuronTargets(
        leak: 80, reset: 80, threshold: 150, tauMem: 6, tauSynExcitatory: 6, tauSynInhibitory: 6,
        refractory: 2, synapticGain: 0.34)

    let profile: ChipProfile
    let serial: UInt64
    let device: EmulatedDevice

    /// A chip; fewer circuits make a quicker one.
    init(
        serial: UInt64 = 1, circuits: Int = 512, threads: Int? = nil,
        adjust: (inout ChipProfile) -> Void = { _ in }
    ) {
        var profile = ChipProfile.standard
        profile.geometry.neuronCircuits = circuits
        adjust(&profile)
        self.profile = profile
        self.serial = serial
        device = EmulatedDevice(EmulatedChip(profile: profile, serial: serial, threads: threads))
    }

    /// A chip that moves away from a calibration within a few batches.
    static var drifting: CalibrationChip {
        CalibrationChip(serial: 3) {
            $0.drift.leak = 12
            $0.drift.tauMem = 0.2
            $0.drift.shortest = 0.04
            $0.drift.longest = 0.08
        }
    }

    /// Calibrates the chip, or a device that stands in front of it.
    func calibrated(
        to targets: NeuronTargets = targets, through device: (any SpikingDevice)? = nil,
        nextBatch: UInt64 = 0
    ) async throws -> CalibrationResult {
        var next = nextBatch
        return try await Calibrator(
            device ?? self.device, description: await self.device.describe(), targets: targets
        ).run(nextBatch: &next, date: Date(timeIntervalSince1970: 1_700_000_000))
    }

    /// What a parameter of each circuit really is with the codes of a calibration, as its column reads it.
    func truth(_ parameter: CalibratedParameter, _ result: CalibrationResult) -> [Double] {
        let reference = (result.targets.leak + result.targets.threshold) / 2
        return result.codes.enumerated().map { number, codes in
            let circuit = NeuronCircuit(
                result.targets, codes: codes, circuit: number, profile: profile, serial: serial)
            func reading(_ potential: Double) -> Double {
                circuit.converterGain * potential + circuit.converterOffset
            }
            return switch parameter {
            case .converter: reading(reference) - reference
            case .leak: reading(circuit.leak)
            case .reset: reading(circuit.reset)
            case .threshold: reading(circuit.threshold)
            case .tauMem: circuit.tauMem
            case .tauSynExcitatory: circuit.tauSynExcitatory
            case .tauSynInhibitory: circuit.tauSynInhibitory
            case .synapticGain: circuit.synapticGain * circuit.converterGain
            }
        }
    }
}

/// A device that changes what goes to a chip or what comes back from it.
struct AlteredDevice: SpikingDevice {
    let base: any SpikingDevice
    var alterBatch: @Sendable (inout DeviceBatch) throws(DeviceError) -> Void = { _ in }
    var alterRecording: @Sendable (inout Recording) -> Void = { _ in }

    func describe() async throws(DeviceError) -> DeviceDescription { try await base.describe() }

    func run(_ batch: DeviceBatch) async throws(DeviceError) -> Recording {
        var batch = batch
        try alterBatch(&batch)
        var recording = try await base.run(batch)
        alterRecording(&recording)
        return recording
    }
}
