import Foundation
import InTheLoop
import Substrate

/// A device and the targets that it is calibrated to, with progress on the terminal.
struct CalibrationWork {
    /// The device.
    var device: any SpikingDevice
    /// What it says of itself.
    var description: DeviceDescription
    /// What its neurons shall be.
    var targets: NeuronTargets
    /// Where calibrations are kept; nil without a home.
    var cache: CalibrationCache?

    /// The file in which the calibration is kept.
    var file: URL? { cache?.file(of: CalibrationIdentity(description), targets: targets) }

    /// The calibration that is kept, or a new one.
    ///
    /// - Parameter fresh: a new one in any case.
    func calibration(fresh: Bool) async throws -> (CalibrationResult, CalibrationSet.Origin) {
        let display = CalibrationDisplay(
            on: .diagnostics, environment: ProcessInfo.processInfo.environment)
        defer { display.clear() }
        var nextBatch = Calibrator.firstBatch
        var origin = CalibrationSet.Origin.fresh
        let set = try await CalibrationSet(
            for: [targets], on: device, description: description, cache: cache, fresh: fresh,
            nextBatch: &nextBatch, date: Date()
        ) { notice in
            switch notice {
            case .progress(let progress): display.show(.progress(progress))
            case .ready(_, let found): origin = found
            case .warning(let error): display.show(.warning("\(error)"))
            }
        }
        guard let result = set[targets] else {
            throw CommandError(.fault, "the calibration has no result for its own targets")
        }
        return (result, origin)
    }

    /// Compares the calibration that is kept with the chip.
    func probe() async throws -> (CalibrationResult, CalibrationProbe.Report) {
        // Says it where a chip has nothing to be calibrated.
        _ = try Calibrator(device, description: description, targets: targets)
        guard let result = try cache?.load(CalibrationIdentity(description), targets: targets) else {
            throw CommandError(
                .badInput,
                "There is no calibration of this chip for these targets yet. "
                    + "Make one with `volley calibrate`, without --check.")
        }
        var nextBatch = Calibrator.firstBatch
        let probe = try CalibrationProbe(device, description: description, calibration: result)
        return (result, try await probe.run(nextBatch: &nextBatch))
    }
}
