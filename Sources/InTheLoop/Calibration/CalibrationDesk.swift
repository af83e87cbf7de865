public import Foundation
public import Substrate

/// Sees to it that a device is calibrated for an experiment before its first batch: from the cache where that still
/// fits the chip, else afresh.
///
/// It takes a session of its own with the device, so that the numbers of a run's batches do not depend on what was in
/// the cache.
public struct CalibrationDesk: Sendable {
    /// What is told meanwhile.
    public enum Notice: Sendable {
        /// A calibration is under way.
        case progress(CalibrationProgress)
        /// A calibration is there; its age in seconds where it came from the cache.
        case ready(CalibrationResult, age: Double?)
        /// Something is wrong that does not keep the run from starting.
        case warning(String)
    }

    private let experiment: Experiment
    private let cache: CalibrationCache?
    private let now: Date

    /// A desk for an experiment.
    ///
    /// - Parameters:
    ///   - cache: where calibrations are kept; `nil` for nowhere.
    ///   - now: the moment that new calibrations bear, and that ages count to.
    public init(_ experiment: Experiment, cache: CalibrationCache?, now: Date) {
        self.experiment = experiment
        self.cache = cache
        self.now = now
    }

    /// The calibrations that the experiment needs of a device; nil where it needs none.
    ///
    /// - Throws: what the device answers; `RunError` of kind `stale` where the kept one no longer fits and the
    ///   experiment's policy is to stop.
    public func calibrations(
        of device: any SpikingDevice, notice: (Notice) -> Void
    ) async throws -> CalibrationSet? {
        let description = try await device.describe()
        guard experiment.chip.calibration == .auto, CalibrationSet.isNeeded(by: description) else {
            return nil
        }
        var nextBatch = Calibrator.firstBatch
        let (kept, isCached) = try await gather(
            device, description, afresh: false, nextBatch: &nextBatch, notice)
        guard isCached else { return kept }
        var moved: [CalibratedParameter] = []
        for calibration in kept.results {
            let probe = try CalibrationProbe(device, description: description, calibration: calibration)
            moved += try await probe.run(nextBatch: &nextBatch).movedParameters
        }
        guard !moved.isEmpty else { return kept }
        let story = "the chip has moved away from its calibration (\(moved.map(\.name).joined(separator: ", ")))"
        switch experiment.chip.whenStale {
        case .warn:
            notice(.warning("\(story); going on with it, as chip.when_stale says"))
            return kept
        case .stop:
            throw RunError(
                .stale, "\(story).", remedy: "Make a new one: volley calibrate --force, with the same device options.")
        case .recalibrate:
            notice(.warning("\(story); calibrating again"))
            return try await gather(device, description, afresh: true, nextBatch: &nextBatch, notice).set
        }
    }

    private func gather(
        _ device: any SpikingDevice, _ description: DeviceDescription, afresh: Bool,
        nextBatch: inout UInt64, _ notice: (Notice) -> Void
    ) async throws(DeviceError) -> (set: CalibrationSet, isCached: Bool) {
        var isCached = false
        let set = try await CalibrationSet(
            for: [experiment.neuronTargets(on: description.geometry)], on: device, description: description,
            cache: cache,
            fresh: afresh, nextBatch: &nextBatch, date: now
        ) { event in
            switch event {
            case .progress(let progress): notice(.progress(progress))
            case .warning(let error): notice(.warning("\(error)"))
            case .ready(let result, .fresh): notice(.ready(result, age: nil))
            case .ready(let result, .cached):
                isCached = true
                notice(.ready(result, age: result.age(at: now)))
            }
        }
        return (set, isCached)
    }
}
