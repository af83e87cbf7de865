internal import Substrate
internal import Tensors

/// Synaptic time constants and gain, from the postsynaptic potentials (PSPs) of input events.
///
/// Comparators are off. A group of rows with equal weights fires at once in each entry; other entries take other rows,
/// which averages the mismatch of rows and synapses away, and other times between two samples, which resolves time
/// constants below the sample period.
struct SynapseMeasurement {
    /// What the synapses of each circuit were like; shapes `[circuit]`, NaN where no PSP could be fitted.
    struct Values {
        /// Time constant of the excitatory current, in microseconds.
        var tauSynExcitatory: [Double]
        /// Time constant of the inhibitory current, in microseconds.
        var tauSynInhibitory: [Double]
        /// Gain, the mean of both signs, in CADC LSB per weight code.
        var gain: [Double]
    }

    /// Height of a PSP on paper, in CADC LSB: far above the noise, and three times as high it still fits the range.
    private static let height = 40.0
    /// The CADC is linear above this code (calix).
    private static let lowestCode = 30.0
    private static let phases = 4
    private static let samples = 96

    /// Synapses of each circuit, of both signs, over which its gain is averaged.
    var synapsesPerCircuit: Int { 2 * groups * rowsPerGroup }

    private let baseline: Double
    private let rowsPerGroup: Int
    private let groups: Int
    private let weight: Int
    private let repeats: Int
    private let onset: Int
    private let window: Int
    private let samplePeriod: Int
    private let bench: (parameters: NeuronParameters, targets: NeuronTargets, cadcMaximum: Double)

    /// A measurement for a chip's targets.
    ///
    /// - Parameter entries: the least entries of each sign.
    init(_ bench: CircuitBench, entries: Int) {
        let (targets, geometry) = (bench.targets, bench.geometry)
        baseline = max(targets.leak, Self.lowestCode + Self.height)
        let slowest = max(targets.tauSynExcitatory, targets.tauSynInhibitory)
        let kernel = PSPKernel(tauMem: targets.tauMem, tauSyn: slowest)
        let codes = Self.height / (targets.synapticGain * kernel.peak)
        // Middling weights, so that neither the steps of the smallest nor the bend of the largest codes matter.
        let middling = max(1, 0.6 * Double(geometry.weightLimit))
        let rows = min(geometry.signedInputsPerCircuit, geometry.inputChannels) / 2
        rowsPerGroup = min(max(1, Int((codes / middling).rounded(.up))), max(1, rows))
        groups = max(1, rows / rowsPerGroup)
        weight = min(max(1, Int((codes / Double(rowsPerGroup)).rounded())), geometry.weightLimit)
        repeats = max(1, (entries + groups * Self.phases - 1) / (groups * Self.phases))
        let length = ChipClock.ticks(microseconds: 8 * max(targets.tauMem, slowest))
        // The fastest of the time constants has to be resolved, where the trace memory suffices for it.
        let fastest = min(targets.tauMem, targets.tauSynExcitatory, targets.tauSynInhibitory)
        let period = min(length / Self.samples, ChipClock.ticks(microseconds: fastest / 4))
        samplePeriod = max(period, bench.geometry.minimumSamplePeriod)
        onset = 8 * samplePeriod
        window = min(
            onset + max(length, 16 * samplePeriod), bench.sampleLimit * samplePeriod,
            ChipClock.maximumWindow)
        self.bench = (bench.parameters, targets, Double(geometry.cadcMaximum))
    }

    /// Measures the synapses of calibrated membranes.
    ///
    /// - Parameter tauMem: what the membranes are known to be, in microseconds; shape `[circuit]`.
    func values(
        _ bench: inout CircuitBench, codes: [NeuronCodes], tauMem: [Double]
    ) async throws(DeviceError) -> Values {
        let rows = groups * rowsPerGroup
        let weights = [Int8](repeating: Int8(weight), count: rows) + [Int8](repeating: -Int8(weight), count: rows)
        let recording = try await bench.run(
            .init(
                kind: .integrating, window: window, samplePeriod: samplePeriod, inputs: inputs,
                rowCodes: weights),
            codes: resting(codes))
        let traces = PSPTraces(recording, circuits: bench.circuits, traces: 2 * Self.phases, trace: trace)
        let count = Double(rowsPerGroup * weight)
        var result = Values(tauSynExcitatory: [], tauSynInhibitory: [], gain: [])
        for circuit in 0..<bench.circuits {
            let known = tauMem[circuit].isFinite ? tauMem[circuit] : self.bench.targets.tauMem
            let fits = [true, false].map { excites in
                let tauSyn = excites ? self.bench.targets.tauSynExcitatory : self.bench.targets.tauSynInhibitory
                let height = (excites ? 1 : -1) * count * self.bench.targets.synapticGain
                return PSPFit(
                    points(traces, circuit: circuit, excites: excites), tauMem: known,
                    start: .init(area: height, tauSyn: tauSyn, baseline: baseline))
            }
            result.tauSynExcitatory.append(fits[0]?.tauSyn ?? .nan)
            result.tauSynInhibitory.append(fits[1]?.tauSyn ?? .nan)
            let area = (fits[0]?.area ?? .nan) - (fits[1]?.area ?? .nan)
            result.gain.append(area / 2 / count)
        }
        return result
    }

    /// The codes with a leak that leaves room for PSPs of both signs.
    private func resting(_ codes: [NeuronCodes]) -> [NeuronCodes] {
        guard baseline != bench.targets.leak else { return codes }
        let (range, highest) = (bench.parameters.potential, bench.parameters.highestCode)
        return codes.map { codes in
            var codes = codes
            let leak = range.code(
                Double(codes.leak), moving: bench.targets.leak, to: baseline, highest: highest)
            codes.leak = UInt16(leak.rounded())
            return codes
        }
    }

    // MARK: Entries: [repeat, group, phase, sign]

    /// Ticks between the sample at the onset and the events of a phase.
    private func shift(ofPhase phase: Int) -> Int { phase * samplePeriod / Self.phases }

    /// Which averaged trace an entry belongs to: `[phase, sign]`, excitation first.
    private func trace(ofEntry entry: Int) -> Int { entry % (2 * Self.phases) }

    private var trace: (Int) -> Int { trace(ofEntry:) }

    private var inputs: SpikeTrains {
        let rows = groups * rowsPerGroup
        var trains = SpikeTrains()
        for entry in 0..<repeats * groups * Self.phases * 2 {
            let inhibits = entry % 2
            let phase = entry / 2 % Self.phases
            let group = entry / (2 * Self.phases) % groups
            // One event a tick: the link into the chip need not queue them.
            let first = onset + shift(ofPhase: phase) - rowsPerGroup / 2
            trains.append(
                (0..<rowsPerGroup).map { row in
                    SpikeEvent(
                        tick: UInt16(first + row),
                        unit: UInt16(inhibits * rows + group * rowsPerGroup + row))
                })
        }
        return trains
    }

    /// The averaged samples of a circuit, by the time since the middle of the events.
    private func points(_ traces: PSPTraces, circuit: Int, excites: Bool) -> [PSPFit.Run] {
        (0..<Self.phases).map { phase in
            PSPFit.Run(
                start: -ChipClock.microseconds(ticks: onset + shift(ofPhase: phase)),
                step: ChipClock.microseconds(ticks: samplePeriod),
                values: traces.readings(2 * phase + (excites ? 0 : 1), circuit: circuit),
                readable: 4...(bench.cadcMaximum - 4))
        }
    }
}
