internal import Substrate

/// A calibration under way: the codes as far as they are known, and what the nominal codes gave.
struct CalibrationSearch {
    /// The measurements.
    let measurement: CircuitMeasurement
    /// What the nominal codes gave.
    private(set) var before: NeuronMeasurements
    /// What was measured last.
    private var latest: NeuronMeasurements
    private let targets: NeuronTargets
    private let nominal: NeuronCodes
    private var offsets: [Int16]
    private var leak: CodeSearch
    private var reset: CodeSearch
    private var threshold: CodeSearch
    private var tauMem: CodeSearch
    private var tauSynExcitatory: CodeSearch
    private var tauSynInhibitory: CodeSearch
    private var gain: CodeSearch
    /// Readings of membranes at rest with the leak that makes neurons fire.
    private var drive: [Double] = []

    /// A calibration that begins.
    init(_ bench: CircuitBench) {
        let (parameters, circuits) = (bench.parameters, bench.circuits)
        func search(_ range: ParameterRange, _ target: Double) -> CodeSearch {
            CodeSearch(range, target: target, parameters: parameters, circuits: circuits)
        }
        targets = bench.targets
        measurement = CircuitMeasurement(bench, effort: .calibration)
        before = NeuronMeasurements(circuits: circuits)
        latest = before
        nominal = parameters.nominalCodes(for: targets)
        offsets = [Int16](repeating: 0, count: circuits)
        leak = search(parameters.potential, targets.leak)
        reset = search(parameters.potential, targets.reset)
        threshold = search(parameters.threshold, targets.threshold)
        tauMem = search(parameters.tauMem, targets.tauMem)
        tauSynExcitatory = search(parameters.tauSyn, targets.tauSynExcitatory)
        tauSynInhibitory = search(parameters.tauSyn, targets.tauSynInhibitory)
        gain = search(parameters.synapticGain, targets.synapticGain)
    }

    /// The codes as far as they are known; shape `[circuit]`.
    var codes: [NeuronCodes] {
        let columns = [leak, reset, threshold, tauMem, tauSynExcitatory, tauSynInhibitory, gain].map(\.codes)
        return offsets.indices.map { circuit in
            NeuronCodes(
                leak: columns[0][circuit], reset: columns[1][circuit], threshold: columns[2][circuit],
                tauMem: columns[3][circuit], tauSynExcitatory: columns[4][circuit],
                tauSynInhibitory: columns[5][circuit], refractory: nominal.refractory,
                synapticGain: columns[6][circuit], cadcOffset: offsets[circuit])
        }
    }

    /// Measures the columns and takes their offsets off.
    mutating func trimConverter(_ bench: inout CircuitBench) async throws(DeviceError) {
        before.converter = try await measurement.converter(&bench, codes: codes)
        offsets = before.converter.map { $0.isFinite ? Int16($0.rounded()) : 0 }
    }

    /// A round on the leak potentials.
    mutating func improveLeak(_ bench: inout CircuitBench) async throws(DeviceError) {
        latest.leak = try await measurement.potential.readings(&bench, codes: codes)
        leak.move(by: latest.leak)
        before.leak.keep(latest.leak)
    }

    /// Measures where membranes go that are to fire.
    mutating func measureDrive(_ bench: inout CircuitBench) async throws(DeviceError) {
        drive = try await measurement.potential.readings(
            &bench, codes: measurement.firing.firing(codes))
    }

    /// A round on reset, threshold and membrane time constant.
    mutating func improveFiring(_ bench: inout CircuitBench) async throws(DeviceError) {
        let fired = try await measurement.firing.values(
            &bench, codes: measurement.firing.firing(codes), leaks: drive)
        (latest.reset, latest.tauMem, latest.threshold) = (fired.reset, fired.tauMem, fired.threshold)
        before.reset.keep(fired.reset)
        before.tauMem.keep(fired.tauMem)
        before.threshold.keep(fired.threshold)
        reset.move(by: fired.reset)
        tauMem.move(by: fired.tauMem)
        threshold.move(by: fired.threshold, guesses: fired.thresholdGuesses)
    }

    /// A round on synaptic time constants and gain.
    mutating func improveSynapses(_ bench: inout CircuitBench) async throws(DeviceError) {
        let answered = try await measurement.synapses.values(
            &bench, codes: codes, tauMem: latest.tauMem)
        latest.tauSynExcitatory = answered.tauSynExcitatory
        latest.tauSynInhibitory = answered.tauSynInhibitory
        latest.synapticGain = answered.gain
        before.tauSynExcitatory.keep(answered.tauSynExcitatory)
        before.tauSynInhibitory.keep(answered.tauSynInhibitory)
        before.synapticGain.keep(answered.gain)
        tauSynExcitatory.move(by: answered.tauSynExcitatory)
        tauSynInhibitory.move(by: answered.tauSynInhibitory)
        gain.move(by: answered.gain)
    }

    /// Gives nominal codes to circuits that the last round could not measure.
    mutating func giveUpOnTheUnmeasured() {
        reset.giveUp(where: latest.reset)
        threshold.giveUp(where: latest.threshold)
        tauMem.giveUp(where: latest.tauMem)
        tauSynExcitatory.giveUp(where: latest.tauSynExcitatory)
        tauSynInhibitory.giveUp(where: latest.tauSynInhibitory)
        gain.giveUp(where: latest.synapticGain)
    }
}

extension [Double] {
    /// Takes numbers where there are none yet: what is kept is the first measurement.
    fileprivate mutating func keep(_ values: [Double]) {
        for index in indices where !self[index].isFinite { self[index] = values[index] }
    }
}
