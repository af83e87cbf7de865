import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// The quick look whether a calibration still fits.
@Suite struct CalibrationProbeTests {
    private func report(
        _ chip: CalibrationChip, _ result: CalibrationResult, through device: (any SpikingDevice)? = nil
    ) async throws -> CalibrationProbe.Report {
        var next: UInt64 = 1_000
        return try await CalibrationProbe(
            device ?? chip.device, description: await chip.device.describe(), calibration: result
        ).run(nextBatch: &next)
    }

    @Test func anUnchangedChipIsFreshWithRoomToSpare() async throws {
        let chip = CalibrationChip(serial: 6)
        let result = try await chip.calibrated()
        let report = try await report(chip, result)
        #expect(!report.isStale)
        for shift in report.shifts {
            // As the limits' documentation says.
            #expect(shift.median.magnitude < shift.medianLimit / 5, "\(shift)")
            #expect(shift.deviation < shift.deviationLimit / 2, "\(shift)")
            #expect(shift.lost == 0)
        }
        #expect(3 * report.batches <= result.batches)
        #expect(report.chipSeconds < result.chipSeconds / 3)
    }

    @Test(arguments: [CalibratedParameter.leak, .reset, .threshold, .tauMem, .tauSynInhibitory, .synapticGain])
    func aChipThatMovedIsStaleAndTheProbeSaysInWhatAndHowFar(parameter: CalibratedParameter) async throws {
        let chip = CalibrationChip(serial: 7, circuits: 128)
        let result = try await chip.calibrated()
        // The analog memory drifts: a code acts like another one.
        let potential = 341.0 / 1_023
        let moved: (expected: Double, change: @Sendable (inout NeuronCodes) -> Void) =
            switch parameter {
            case .leak: (6 * potential, { $0.leak += 6 })
            case .reset: (-6 * potential, { $0.reset -= 6 })
            case .threshold: (9 * potential, { $0.threshold += 9 })
            case .tauMem: (6 * (pow(150 / 0.2, 12.0 / 1_023) - 1), { $0.tauMem += 12 })
            case .tauSynInhibitory: (6 * (pow(90 / 0.1, -8.0 / 1_023) - 1), { $0.tauSynInhibitory -= 8 })
            default: (0.34 * (pow(30 / 0.003, 8.0 / 1_023) - 1), { $0.synapticGain += 8 })
            }
        let device = AlteredDevice(
            base: chip.device,
            alterBatch: { (batch: inout DeviceBatch) throws(DeviceError) in
                for index in batch.configuration.populations[0].codes.indices {
                    moved.change(&batch.configuration.populations[0].codes[index])
                }
            })
        let report = try await report(chip, result, through: device)
        #expect(report.isStale)
        #expect(report.movedParameters == [parameter])
        let shift = try #require(report.shifts.first { $0.parameter == parameter })
        #expect(
            (shift.median - moved.expected).magnitude < 0.15 * moved.expected.magnitude,
            "\(shift.median), expected \(moved.expected)")
    }

    @Test func neuronsThatDriftApartAreStaleThoughTheirMedianStays() async throws {
        let chip = CalibrationChip(serial: 8, circuits: 128)
        let result = try await chip.calibrated()
        let device = AlteredDevice(
            base: chip.device,
            alterBatch: { (batch: inout DeviceBatch) throws(DeviceError) in
                for index in batch.configuration.populations[0].codes.indices {
                    let code = batch.configuration.populations[0].codes[index].leak
                    batch.configuration.populations[0].codes[index].leak = index % 2 == 0 ? code + 7 : code - 7
                }
            })
        let report = try await report(chip, result, through: device)
        let shift = try #require(report.shifts.first { $0.parameter == .leak })
        #expect(shift.median.magnitude < 7.5 / 3 && shift.deviation > shift.deviationLimit)
        #expect(report.movedParameters.contains(.leak))
    }

    @Test func aCalibrationOfAnotherChipIsNotProbed() async throws {
        let chip = CalibrationChip(serial: 1, circuits: 16)
        let result = try await chip.calibrated()
        let other = await CalibrationChip(serial: 2, circuits: 16).device.describe()
        let error = #expect(throws: DeviceError.self) {
            try CalibrationProbe(chip.device, description: other, calibration: result)
        }
        #expect(error?.code == .invalidRequest)
        #expect(error?.detail.contains("serial 1") == true && error?.detail.contains("serial 2") == true)
    }
}
