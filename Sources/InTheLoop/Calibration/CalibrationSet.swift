public import Foundation
public import Substrate

/// The calibrations that a network needs of a chip: one for each distinct set of targets.
public struct CalibrationSet: Sendable, Equatable {
    /// The calibrations, in the order of the populations that first need them.
    public private(set) var results: [CalibrationResult]

    /// Where a calibration came from.
    public enum Origin: Sendable, Equatable {
        /// From the cache.
        case cached
        /// Made just now.
        case fresh
    }

    /// What is told while a set is gathered.
    public enum Notice: Sendable {
        /// A calibration is under way.
        case progress(CalibrationProgress)
        /// A calibration is there.
        case ready(CalibrationResult, Origin)
        /// Something went wrong that does not keep the calibration from being used: a damaged file, a full disk.
        case warning(RunError)
    }

    /// A set of calibrations.
    public init(_ results: [CalibrationResult]) {
        self.results = results
    }

    /// Whether a device has to be calibrated by its host.
    public static func isNeeded(by description: DeviceDescription) -> Bool {
        description.parameters.map { $0.isCalibratedByHost && $0.bits > 0 } ?? false
    }

    /// Gathers calibrations for targets: from the cache where they are there and whole, else by calibrating.
    ///
    /// - Parameters:
    ///   - targets: what neurons shall be; repetitions count once.
    ///   - cache: where calibrations are kept; `nil` for nowhere.
    ///   - fresh: calibrate even where the cache has a calibration.
    ///   - noiseSeed: key of the temporal noise, where the device is emulated.
    ///   - nextBatch: number of the next batch, counted on.
    ///   - date: the moment that new calibrations shall bear.
    ///   - notice: called with what happens.
    /// - Throws: what the device answers.
    public init(
        for targets: [NeuronTargets], on device: any SpikingDevice, description: DeviceDescription,
        cache: CalibrationCache?, fresh: Bool = false, noiseSeed: UInt64 = 0, nextBatch: inout UInt64,
        date: Date, notice: (Notice) -> Void = { _ in }
    ) async throws(DeviceError) {
        results = []
        for targets in targets where self[targets] == nil {
            if !fresh, let cached = Self.cached(targets, description, cache, notice) {
                notice(.ready(cached, .cached))
                results.append(cached)
                continue
            }
            let calibrator = try Calibrator(
                device, description: description, targets: targets, noiseSeed: noiseSeed)
            let result = try await calibrator.run(nextBatch: &nextBatch, date: date) {
                notice(.progress($0))
            }
            do {
                try cache?.save(result)
            } catch {
                notice(.warning(error))
            }
            notice(.ready(result, .fresh))
            results.append(result)
        }
    }

    /// The calibration for targets; nil if there is none.
    public subscript(targets: NeuronTargets) -> CalibrationResult? {
        results.first { $0.targets == targets }
    }

    private static func cached(
        _ targets: NeuronTargets, _ description: DeviceDescription, _ cache: CalibrationCache?,
        _ notice: (Notice) -> Void
    ) -> CalibrationResult? {
        do {
            return try cache?.load(CalibrationIdentity(description), targets: targets)
        } catch {
            notice(.warning(error))
            return nil
        }
    }
}

extension ChipConfiguration {
    /// The same configuration with the codes of calibrations; populations without one keep what they have.
    ///
    /// Traps if a calibration has fewer circuits than the network takes.
    public func calibrated(by set: CalibrationSet, on geometry: ChipGeometry) -> ChipConfiguration {
        var result = self
        for index in populations.indices {
            guard let calibration = set[populations[index].targets] else { continue }
            result.populations[index].codes = circuits(ofPopulation: index, on: geometry).map {
                calibration.codes[$0]
            }
        }
        return result
    }

    /// The neurons whose circuits a calibration could not bring near their targets, and in which parameters.
    ///
    /// Integrating neurons need no reset and no threshold.
    public func miscalibratedNeurons(
        by set: CalibrationSet, on geometry: ChipGeometry
    ) -> [(neuron: Int, circuit: Int, parameters: [CalibratedParameter])] {
        var result: [(neuron: Int, circuit: Int, parameters: [CalibratedParameter])] = []
        for (index, population) in populations.enumerated() {
            guard let calibration = set[population.targets] else { continue }
            let needed = CalibratedParameter.allCases.filter {
                population.kind == .spiking || ($0 != .reset && $0 != .threshold)
            }
            let succeeded = needed.map { ($0, calibration.succeeded($0)) }
            for (neuron, circuit) in zip(
                neurons(ofPopulation: index), circuits(ofPopulation: index, on: geometry))
            {
                let failed = succeeded.filter { !$0.1[circuit] }.map(\.0)
                if !failed.isEmpty { result.append((neuron, circuit, failed)) }
            }
        }
        return result
    }
}
