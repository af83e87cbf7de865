public import Foundation
public import Substrate
internal import Tensors

/// Measures the spreads of a device through batches and recordings only, and fits a chip profile to them.
///
/// Neurons are measured with the codes that give the targets on paper; a chip without codes is given the targets. In
/// order: columns of the CADC at common voltages; leak potentials; reset, threshold and membrane time constant of
/// neurons that fire by themselves; synaptic time constants and gain; single synapses. Where a measurement needs a leak
/// potential in its place, the leak's code is corrected by what was measured. Everything is measured at least twice with
/// independent errors, which are taken out of the spreads.
public struct ProfileFitter: Sendable {
    /// Batches in all.
    static let steps = FitProgress.Stage.synapses.firstStep + SynapseArray.batches
    /// Batches of the postsynaptic potentials of many synapses.
    static let potentialBatches = 2
    private static let potentialEntries = 56
    /// What noise and the equations of the measurement may move all thresholds by, in LSB (own estimate, from chips
    /// with noise and without an offset).
    private static let thresholdBias = 0.2

    private let device: any SpikingDevice
    private let description: DeviceDescription
    private let targets: NeuronTargets
    private let noiseSeed: UInt64
    private let parameters: NeuronParameters
    private let takesCodes: Bool

    /// A fitter of a device.
    ///
    /// - Parameters:
    ///   - description: what the device says of itself.
    ///   - targets: what the neurons are set to, on paper.
    ///   - noiseSeed: key of the temporal noise, where the device is emulated.
    /// - Throws: `invalidRequest` if the device cannot have these targets, or they cannot be measured.
    public init(
        _ device: any SpikingDevice, description: DeviceDescription, targets: NeuronTargets,
        noiseSeed: UInt64 = 0
    ) throws(DeviceError) {
        self.device = device
        self.description = description
        self.targets = targets
        self.noiseSeed = noiseSeed
        let own = description.parameters
        takesCodes = (own?.bits ?? 0) > 0
        if let own, takesCodes {
            parameters = own
        } else {
            parameters = .standIn(for: targets, allowed: own)
        }
        try CalibrationTargets(description).check(targets, own ?? parameters)
    }

    /// Measures and fits.
    ///
    /// - Parameters:
    ///   - nextBatch: number of the next batch; counted on, also where an error ends the fit.
    ///   - date: the moment that the result shall bear.
    ///   - progress: called before the first and after each batch.
    /// - Throws: what the device answers.
    public func run(
        nextBatch: inout UInt64, date: Date, progress: (FitProgress) -> Void = { _ in }
    ) async throws(DeviceError) -> ProfileFit {
        let clock = ContinuousClock()
        let start = clock.now
        var bench = CircuitBench(
            device, parameters: parameters, takesCodes: takesCodes, geometry: description.geometry,
            targets: targets, noiseSeed: noiseSeed, nextBatch: nextBatch)
        defer { nextBatch = bench.nextBatch }
        var stage = FitProgress.Stage.converter
        var done = 0
        func advance() {
            done += 1
            stage = FitProgress.Stage.allCases.last { $0.firstStep <= done } ?? .synapses
            progress(FitProgress(stage: stage, step: done, steps: Self.steps))
        }
        progress(FitProgress(stage: stage, step: 0, steps: Self.steps))

        let nominal = parameters.nominalCodes(for: targets)
        var codes = [NeuronCodes](repeating: nominal, count: bench.circuits)
        let converter = try await ConverterMeasurement(&bench, codes: codes, finished: advance)
        let columns = converter.columns
        if takesCodes {
            let trim = columns.trim(at: (targets.leak + targets.threshold) / 2)
            for circuit in codes.indices { codes[circuit].cadcOffset = trim[circuit] }
        }
        let rest = try await RestingMeasurement(&bench, codes: codes, columns: columns, finished: advance)
        let placed = place(codes, leaks: rest.mean)
        let firing = try await FiringRuns(&bench, codes: placed, columns: columns, finished: advance)
        var synapses: [SynapseMeasurement.Values] = []
        let measurement = SynapseMeasurement(bench, entries: Self.potentialEntries)
        for repetition in 0..<Self.potentialBatches {
            bench.noiseSeed = noiseSeed &+ UInt64(repetition)
            // Each with its own time constants of the membrane, so that their errors are independent.
            synapses.append(
                try await measurement.values(
                    &bench, codes: placed, tauMem: firing.runs[2 * repetition].tauMem))
            advance()
        }
        bench.noiseSeed = noiseSeed
        let array = try await SynapseArray(&bench, codes: raised(placed), finished: advance)

        let evaluation = FitEvaluation(
            nominal: parameters.values(of: nominal), swing: (targets.threshold - targets.leak).magnitude,
            thresholdBias: Self.thresholdBias, converter: converter, rest: rest, firing: firing,
            synapses: synapses, synapsesPerCircuit: measurement.synapsesPerCircuit,
            array: SynapseSpread(array),
            noise: rest.noise(
                tauMem: firing.tauMem, gain: columns.gain, converter: converter.noise.variance))
        return ProfileFit(
            device: CalibrationIdentity(description), geometry: description.geometry,
            parameters: description.parameters, targets: targets, numbers: evaluation.numbers,
            means: evaluation.means, circuitsLeftOut: evaluation.circuitsLeftOut,
            whiteNoise: evaluation.whiteNoise,
            converterNoiseWithRounding: (max(0, converter.noise.variance) + 1.0 / 12).squareRoot(),
            circuits: evaluation.circuits, date: date.ISO8601Format(), temperature: bench.temperature,
            version: VolleyVersion.current, batches: bench.batches, chipSeconds: bench.chipSeconds,
            wallSeconds: (clock.now - start) / .seconds(1))
    }

    /// The codes with each leak potential where it should be, by what was measured; unknown ones stay.
    private func place(_ codes: [NeuronCodes], leaks: [Double]) -> [NeuronCodes] {
        codes.enumerated().map { circuit, codes in
            guard leaks[circuit].isFinite else { return codes }
            return moved(codes, from: leaks[circuit], to: targets.leak)
        }
    }

    /// The codes with a leak potential that leaves room for potentials of both signs.
    private func raised(_ codes: [NeuronCodes]) -> [NeuronCodes] {
        let baseline = max(targets.leak, 70)
        return codes.map { moved($0, from: targets.leak, to: baseline) }
    }

    private func moved(_ codes: NeuronCodes, from value: Double, to target: Double) -> NeuronCodes {
        var codes = codes
        let leak = parameters.potential.code(
            Double(codes.leak), moving: value, to: target, highest: parameters.highestCode)
        codes.leak = UInt16(leak.rounded())
        return codes
    }
}
