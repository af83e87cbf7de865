internal import Substrate

/// All parameters of all circuits, measured with codes that are (nearly) calibrated: what a calibration is checked with,
/// and what a probe is.
struct CircuitMeasurement {
    /// How many entries the parts take.
    struct Effort {
        /// Of membranes at rest and of the converter.
        var potential: Int
        /// Of neurons that fire by themselves.
        var firing: Int
        /// Of postsynaptic potentials, of each sign.
        var synapses: Int

        /// Noise well below the bounds of the spread: about 0.1 LSB, 0.5 % of time constants.
        static let calibration = Effort(potential: 16, firing: 24, synapses: 56)

        /// A third of the entries, for the median over all circuits is what counts; more where fast neurons are measured
        /// in little time, and so with more noise.
        static func probe(for targets: NeuronTargets) -> Effort {
            let fastest = min(targets.tauMem, targets.tauSynExcitatory, targets.tauSynInhibitory)
            let factor = Int(min(max(2 / fastest, 1), 4).rounded())
            return Effort(potential: 6, firing: 8 * factor, synapses: 16 * factor)
        }
    }

    /// Batches of a measurement.
    static let batches = 6

    /// The voltage at which columns are compared, in CADC LSB: between leak and threshold.
    let reference: Double
    /// Membranes at rest.
    let potential: PotentialMeasurement
    /// Neurons that fire by themselves.
    let firing: FiringMeasurement
    /// Postsynaptic potentials.
    let synapses: SynapseMeasurement

    /// The measurements for a chip's targets.
    init(_ bench: CircuitBench, effort: Effort) {
        reference = (bench.targets.leak + bench.targets.threshold) / 2
        potential = PotentialMeasurement(bench, entries: effort.potential)
        firing = FiringMeasurement(bench, entries: effort.firing)
        synapses = SynapseMeasurement(bench, entries: effort.synapses)
    }

    /// What the columns read too much, in CADC LSB; shape `[circuit]`.
    func converter(
        _ bench: inout CircuitBench, codes: [NeuronCodes]
    ) async throws(DeviceError) -> [Double] {
        try await potential.readings(&bench, codes: codes, reference: reference).map { $0 - reference }
    }

    /// Measures everything; `finished` is called after each batch.
    func all(
        _ bench: inout CircuitBench, codes: [NeuronCodes], finished: () -> Void
    ) async throws(DeviceError) -> NeuronMeasurements {
        var result = NeuronMeasurements(circuits: bench.circuits)
        result.converter = try await converter(&bench, codes: codes)
        finished()
        result.leak = try await potential.readings(&bench, codes: codes)
        finished()
        let driven = firing.firing(codes)
        let leaks = try await potential.readings(&bench, codes: driven)
        finished()
        let fired = try await firing.values(&bench, codes: driven, leaks: leaks)
        finished()
        (result.reset, result.threshold, result.tauMem) = (fired.reset, fired.threshold, fired.tauMem)
        for circuit in try await potential.restless(&bench, codes: codes) {
            result.threshold[circuit] = .nan
        }
        finished()
        let answered = try await synapses.values(&bench, codes: codes, tauMem: fired.tauMem)
        finished()
        result.tauSynExcitatory = answered.tauSynExcitatory
        result.tauSynInhibitory = answered.tauSynInhibitory
        result.synapticGain = answered.gain
        return result
    }
}
