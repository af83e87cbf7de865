import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

extension DaemonTests {
    @Suite struct CalibrationTests {
        private let targets = NeuronTargets(
            leak: 80, reset: 80, threshold: 150, tauMem: 6, tauSynExcitatory: 6, tauSynInhibitory: 6,
            refractory: 2, synapticGain: 0.34)

        private func calibrate(_ device: any SpikingDevice) async throws -> CalibrationResult {
            var next = Calibrator.firstBatch
            return try await Calibrator(device, description: await device.describe(), targets: targets)
                .run(nextBatch: &next, date: Date())
        }

        @Test func aChipBehindTheDaemonIsCalibratedAsTheOneInProcess() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress(), ["--serial", "11"])
            let client = makeClient(of: daemon.address)
            let remote = try await calibrate(client)
            let local = try await calibrate(
                EmulatedDevice(EmulatedChip(profile: .standard, serial: 11)))
            #expect(remote.device == local.device)
            #expect(remote.codes == local.codes)
            #expect(remote.after == local.after)
            #expect(remote.contentHash == local.contentHash)
            #expect(remote.succeeded.count { !$0 } < 5)
            // The calibration made in process fits the chip behind the daemon.
            var next = Calibrator.firstBatch
            let report = try await CalibrationProbe(
                client, description: await client.describe(), calibration: local
            ).run(nextBatch: &next)
            #expect(!report.isStale)
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }
    }
}
