public import Foundation
public import Substrate

/// Finds the codes that give all neuron circuits of a chip their targets, through batches and recordings only.
///
/// In order, each with the results of those before: CADC offsets at a common voltage; leak potentials; reset, threshold
/// and membrane time constant of neurons that fire by themselves; synaptic time constants and gain from postsynaptic
/// potentials. At the end everything is measured once more.
public struct Calibrator: Sendable {
    /// Number of the first batch of calibrations outside of a run, so that whoever makes one of an emulated chip makes
    /// the same one.
    public static let firstBatch: UInt64 = 1

    private static let leakRounds = 3
    private static let firingRounds = 5
    private static let synapseRounds = 4

    private let device: any SpikingDevice
    private let description: DeviceDescription
    private let targets: NeuronTargets
    private let noiseSeed: UInt64

    /// A calibrator of a device.
    ///
    /// - Parameters:
    ///   - description: what the device says of itself.
    ///   - targets: what the neurons shall be.
    ///   - noiseSeed: key of the temporal noise, where the device is emulated.
    /// - Throws: `invalidRequest` if the device is not calibrated by its host, or cannot have these targets.
    public init(
        _ device: any SpikingDevice, description: DeviceDescription, targets: NeuronTargets,
        noiseSeed: UInt64 = 0
    ) throws(DeviceError) {
        _ = try CalibrationTargets(description).parameters(for: targets)
        self.device = device
        self.description = description
        self.targets = targets
        self.noiseSeed = noiseSeed
    }

    /// Calibrates.
    ///
    /// - Parameters:
    ///   - nextBatch: number of the next batch; counted on, also where an error ends the calibration.
    ///   - date: the moment that the result shall bear.
    ///   - progress: called before the first and after each measurement.
    /// - Throws: what the device answers.
    public func run(
        nextBatch: inout UInt64, date: Date, progress: (CalibrationProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> CalibrationResult {
        let clock = ContinuousClock()
        let start = clock.now
        var bench = try CircuitBench(
            device, description: description, targets: targets, noiseSeed: noiseSeed,
            nextBatch: nextBatch)
        defer { nextBatch = bench.nextBatch }
        var search = CalibrationSearch(bench)
        var done = 0
        func advance(_ stage: CalibrationProgress.Stage) {
            progress(CalibrationProgress(stage: stage, step: done, steps: Self.steps))
            done += 1
        }

        advance(.converter)
        try await search.trimConverter(&bench)
        for _ in 0..<Self.leakRounds {
            advance(.leak)
            try await search.improveLeak(&bench)
        }
        advance(.firing)
        try await search.measureDrive(&bench)
        for _ in 0..<Self.firingRounds {
            advance(.firing)
            try await search.improveFiring(&bench)
        }
        for _ in 0..<Self.synapseRounds {
            advance(.synapses)
            try await search.improveSynapses(&bench)
        }
        search.giveUpOnTheUnmeasured()
        advance(.verification)
        let after = try await search.measurement.all(&bench, codes: search.codes) {
            advance(.verification)
        }
        return CalibrationResult(
            schema: CalibrationResult.currentSchema, device: CalibrationIdentity(description),
            targets: targets, codes: search.codes, before: search.before, after: after,
            date: date.ISO8601Format(), temperature: bench.temperature,
            version: VolleyVersion.current, batches: bench.batches, chipSeconds: bench.chipSeconds,
            wallSeconds: (clock.now - start) / .seconds(1))
    }

    /// Measurements in all.
    private static let steps =
        2 + leakRounds + firingRounds + synapseRounds + CircuitMeasurement.batches
}
