import ChipEmulator
import Foundation
import InTheLoop
import Substrate
import Testing

/// Calibration against chips whose true parameters are known to the test alone.
@Suite struct CalibrationTests {
    /// The ratios of SD after to SD before that calix requires (regression tests), both 5 % trimmed at each end.
    private static let ratios: [CalibratedParameter: Double] = [
        .leak: 0.30, .reset: 0.20, .threshold: 0.35, .tauMem: 0.45, .tauSynExcitatory: 0.20,
        .tauSynInhibitory: 0.20,
    ]

    @Test(arguments: [1, 2] as [UInt64])
    func spreadsShrinkAsMuchAsCalixRequiresAndTheTruthAgrees(serial: UInt64) async throws {
        let chip = CalibrationChip(serial: serial)
        let result = try await chip.calibrated()
        let summary = CalibrationSummary(result)
        #expect(summary.failedCircuits == 0, "serial \(serial)")
        for row in summary.rows {
            let place = "\(row.parameter.name), serial \(serial)"
            let truth = Spread(of: chip.truth(row.parameter, result))
            if let ratio = Self.ratios[row.parameter] {
                #expect(row.ratio < ratio, "\(place): \(row.ratio)")
                #expect(truth.deviation / row.before.deviation < ratio, "\(place)")
            }
            #expect(row.after.deviation < row.bound, "\(place): \(row.after.deviation)")
            #expect(truth.deviation < row.bound, "\(place): \(truth.deviation)")
            // The mean misses by less than a tenth of the spread that is allowed.
            #expect((truth.mean - row.target).magnitude < row.bound / 10, "\(place): \(truth.mean)")
            // Before, the chip was what the profile says: otherwise the ratios would mean little.
            #expect(row.before.deviation > 2 * row.bound || row.parameter == .tauMem, "\(place)")
        }
    }

    @Test func measurementsAgreeWithTheTruthNeuronByNeuron() async throws {
        let chip = CalibrationChip(serial: 3)
        let result = try await chip.calibrated()
        for parameter in CalibratedParameter.allCases {
            let errors = zip(result.after[parameter], chip.truth(parameter, result)).map { $0 - $1 }
            let error = Spread(of: errors)
            let bound = parameter.bound(for: result.targets)
            #expect(error.deviation < 0.2 * bound, "\(parameter): \(error.deviation) of \(bound)")
            #expect(error.mean.magnitude < 0.1 * bound, "\(parameter): \(error.mean) of \(bound)")
        }
    }

    /// Fast, slow and awkward neurons.
    private static let corners: [NeuronTargets] = [
        with { ($0.tauMem, $0.tauSynExcitatory, $0.tauSynInhibitory) = (1, 1, 1) },
        with { ($0.tauMem, $0.tauSynExcitatory, $0.tauSynInhibitory) = (60, 30, 10) },
        with { ($0.tauMem, $0.tauSynExcitatory, $0.threshold, $0.reset) = (20, 5, 125, 70) },
        with { ($0.threshold, $0.leak, $0.reset, $0.refractory) = (220, 50, 50, 32) },
        with { ($0.reset, $0.synapticGain, $0.refractory) = (130, 5, 0.04) },
    ]

    private static func with(_ change: (inout NeuronTargets) -> Void) -> NeuronTargets {
        var targets = CalibrationChip.targets
        change(&targets)
        return targets
    }

    @Test(arguments: corners)
    func cornersOfTheAllowedRangesAreReached(targets: NeuronTargets) async throws {
        let chip = CalibrationChip(serial: 4, circuits: 128)
        let result = try await chip.calibrated(to: targets)
        #expect(result.succeeded.count { !$0 } == 0)
        for parameter in CalibratedParameter.allCases {
            let truth = Spread(of: chip.truth(parameter, result))
            let bound = parameter.bound(for: targets)
            #expect(truth.deviation < bound, "\(parameter): \(truth)")
            #expect((truth.mean - parameter.target(of: targets)).magnitude < bound, "\(parameter): \(truth)")
        }
    }

    @Test func theNumberOfThreadsChangesNothing() async throws {
        let one = try await CalibrationChip(circuits: 96, threads: 1).calibrated()
        let three = try await CalibrationChip(circuits: 96, threads: 3).calibrated()
        #expect(one.contentHash == three.contentHash)
        #expect(one.codes == three.codes)
        let other = try await CalibrationChip(circuits: 96, threads: 1).calibrated(nextBatch: 100)
        #expect(one.contentHash != other.contentHash, "other batches have other noise")
    }

    @Test func oddCircuitsAreReportedAndDisturbNobody() async throws {
        // Without arbiters: behind one, spikes wait for those of other circuits.
        let chip = CalibrationChip(serial: 5, circuits: 64) {
            $0.events.arbiter.rate = 0
            $0.events.outputLink.rate = 0
        }
        let healthy = try await chip.calibrated()
        try #require(healthy.succeeded.allSatisfy { $0 })
        // A dead column, a column at the end of its range, a comparator that never acts, one whose spikes come anyhow.
        let (dead, saturated, silent, wild) = (7, 20, 33, 50)
        let device = AlteredDevice(
            base: chip.device,
            alterRecording: { (recording: inout Recording) in
                if var membranes = recording.membranes {
                    for row in 0..<membranes.codes.count / 64 {
                        membranes.codes[row * 64 + dead] = 0
                        membranes.codes[row * 64 + saturated] = 255
                    }
                    recording.membranes = membranes
                }
                var trains = SpikeTrains()
                for entry in 0..<recording.spikes.entryCount {
                    var events = recording.spikes[entry: entry].filter {
                        $0.unit != dead && $0.unit != silent && $0.unit != wild
                    }
                    if !events.isEmpty {
                        for spike in 0..<200 {
                            let tick = spike * 100 + spike * spike * 37 % 97
                            events.append(SpikeEvent(tick: UInt16(tick), unit: UInt16(wild)))
                        }
                    }
                    trains.append(events)
                }
                recording.spikes = trains
            })
        let result = try await chip.calibrated(through: device)
        let failed = result.succeeded.indices.filter { !result.succeeded[$0] }
        #expect(failed == [dead, saturated, silent, wild])
        for circuit in result.codes.indices where !failed.contains(circuit) {
            #expect(result.codes[circuit] == healthy.codes[circuit], "circuit \(circuit)")
        }
        func within(_ parameter: CalibratedParameter, _ circuit: Int) -> Bool {
            result.succeeded(parameter)[circuit]
        }
        // What could not be measured stays as it is on paper; what could is calibrated all the same.
        let threshold = (150.0 / 341 * 1_023).rounded()
        #expect(result.codes[silent].threshold == UInt16(threshold))
        #expect(result.after.threshold[silent].isNaN)
        #expect(!within(.threshold, silent))
        #expect(result.codes[silent].leak == healthy.codes[silent].leak)
        #expect(within(.leak, silent) && within(.tauSynExcitatory, silent))
        #expect(!within(.leak, dead) && !within(.leak, saturated))
    }

    @Test func defectsOfTheChipAreFoundEachWhereItShows() async throws {
        let chip = CalibrationChip(serial: 5, circuits: 64) {
            $0.defects.deadCircuits = [3]
            $0.defects.silentCircuits = [20, 21]
            $0.defects.firingCircuits = [40]
        }
        let result = try await chip.calibrated()
        let failed = result.succeeded.indices.filter { !result.succeeded[$0] }
        #expect(failed == [3, 20, 21, 40])
        func failures(_ circuit: Int) -> [CalibratedParameter] {
            CalibratedParameter.allCases.filter { !result.succeeded($0)[circuit] }
        }
        // A dead membrane stays at its leak; a silent neuron has good synapses; one that always fires can be measured.
        #expect(!failures(3).contains(.leak) && failures(3).contains(.synapticGain))
        #expect(failures(20) == [.reset, .threshold, .tauMem])
        #expect(failures(40) == [.threshold])
        // None of them looks like a chip that has changed.
        var next: UInt64 = 500
        let report = try await CalibrationProbe(
            chip.device, description: await chip.device.describe(), calibration: result
        ).run(nextBatch: &next)
        #expect(!report.isStale)
    }

    @Test func batchesAreCountedOnAlsoWhenTheDeviceFails() async throws {
        let chip = CalibrationChip(circuits: 16)
        let description = await chip.device.describe()
        var next: UInt64 = 40
        var seen: [CalibrationProgress] = []
        let calibrator = try Calibrator(chip.device, description: description, targets: CalibrationChip.targets)
        let result = try await calibrator.run(nextBatch: &next, date: Date()) { seen.append($0) }
        #expect(next == 40 + UInt64(result.batches))
        #expect(seen.map(\.step) == Array(0...result.batches))
        #expect(seen.allSatisfy { $0.steps == result.batches })
        #expect(result.chipSeconds > 0.02 * Double(result.batches) / 2)

        let failing = AlteredDevice(
            base: chip.device,
            alterBatch: { (batch: inout DeviceBatch) throws(DeviceError) in
                if batch.id == 46 { throw DeviceError(.linkLost, "batch \(batch.id)") }
            })
        next = 40
        var error: DeviceError?
        do {
            _ = try await Calibrator(
                failing, description: description, targets: CalibrationChip.targets
            ).run(nextBatch: &next, date: Date())
        } catch let found {
            error = found
        }
        #expect(error?.code == .linkLost)
        #expect(next == 47)
    }

    @Test func chipsAndTargetsThatCannotBeCalibratedAreRefusedWithWhatToDo() throws {
        func refusal(_ profile: ChipProfile, _ targets: NeuronTargets) -> DeviceError? {
            let chip = EmulatedChip(profile: profile, serial: 1)
            do {
                _ = try Calibrator(EmulatedDevice(chip), description: chip.description, targets: targets)
                return nil
            } catch {
                return error
            }
        }
        var done = ChipProfile.standard
        done.parameters.isCalibratedByHost = false
        #expect(refusal(done, CalibrationChip.targets)?.detail.contains("calibrated already") == true)
        #expect(refusal(.ideal, CalibrationChip.targets)?.detail.contains("no parameter codes") == true)
        let profile = ChipProfile.standard
        #expect(refusal(profile, CalibrationChip.targets) == nil)
        let slow = refusal(profile, Self.with { $0.tauMem = 200 })
        #expect(slow?.code == .invalidRequest)
        #expect(slow?.description.contains("tau_mem is 200.0 µs\nThis chip takes 0.5...60.0 µs") == true)
        let near = refusal(profile, Self.with { $0.reset = 140 })
        #expect(near?.remedy?.contains("20 LSB or more above leak and reset") == true)
    }
}
