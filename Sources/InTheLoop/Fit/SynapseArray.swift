internal import Substrate

/// The strengths of single synapses, each relative to the mean of its circuit, in two batches written apart.
///
/// In every entry one row sends a burst, so that every circuit shows the postsynaptic potential of one synapse. Its
/// strength is the projection of the reading onto the mean potential of the circuit, which needs no model of its shape.
struct SynapseArray {
    /// Batches of a measurement: both signs, two codes, twice.
    static let batches = 8
    /// Height of a burst's potential on paper, in LSB: far above the noise, far from the ends of the CADC.
    private static let height = 30.0
    /// Ticks between the events of a burst: short against time constants, and no driver has to queue them.
    private static let spacing = 16
    private static let mostEvents = 24
    private static let samples = 40

    /// A sign of synapses: strengths of shape `[repeat][row * circuits + circuit]`, NaN where a circuit has none.
    struct Sign {
        /// With the high code.
        var high: [[Double]] = []
        /// With about half of it.
        var low: [[Double]] = []
    }

    /// Excitatory and inhibitory synapses.
    private(set) var signs: [Sign] = []
    /// Rows of each sign.
    let rows: Int
    /// Neuron circuits.
    let circuits: Int
    /// The codes used, relative to the largest one: high and low.
    let codes: (high: Double, low: Double)
    private let window: Int
    private let samplePeriod: Int
    private let onset: Int

    /// Measures; `finished` is called after each batch.
    ///
    /// - Parameter codes: with leak potentials that leave room for potentials of both signs.
    init(
        _ bench: inout CircuitBench, codes neurons: [NeuronCodes], finished: () -> Void
    ) async throws(DeviceError) {
        let (targets, geometry) = (bench.targets, bench.geometry)
        rows = min(geometry.signedInputsPerCircuit, geometry.inputChannels, geometry.maximumEntriesPerBatch)
        circuits = bench.circuits
        let slowest = max(targets.tauMem, targets.tauSynExcitatory, targets.tauSynInhibitory)
        let length = ChipClock.ticks(microseconds: 6 * slowest)
        samplePeriod = max(geometry.minimumSamplePeriod, length / Self.samples)
        onset = 6 * samplePeriod
        window = min(onset + max(length, 16 * samplePeriod), ChipClock.maximumWindow)
        let kernel = PSPKernel(
            tauMem: targets.tauMem, tauSyn: max(targets.tauSynExcitatory, targets.tauSynInhibitory))
        let wanted = Self.height / (targets.synapticGain * kernel.peak)
        let limit = geometry.weightLimit
        let high = max(1, min(limit, Int(wanted)))
        let low = (high + 1) / 2
        codes = (Double(high) / Double(limit), Double(low) / Double(limit))
        let seed = bench.noiseSeed
        defer { bench.noiseSeed = seed }
        for sign in [1, -1] {
            var result = Sign()
            for repetition in 0..<2 {
                bench.noiseSeed = seed &+ UInt64(repetition)
                for code in [high, low] {
                    let events = max(1, min(Self.mostEvents, Int((wanted / Double(code)).rounded())))
                    let recording = try await bench.run(
                        .init(
                            kind: .integrating, window: window, samplePeriod: samplePeriod,
                            inputs: bursts(of: events),
                            rowCodes: [Int8](repeating: Int8(sign * code), count: rows)),
                        codes: neurons)
                    finished()
                    let strengths = strengths(recording, highest: Double(geometry.cadcMaximum))
                    if code == high { result.high.append(strengths) } else { result.low.append(strengths) }
                }
            }
            signs.append(result)
        }
    }

    /// Entry `r` has a burst of row `r`.
    private func bursts(of events: Int) -> SpikeTrains {
        var trains = SpikeTrains()
        for row in 0..<rows {
            trains.append(
                (0..<events).map { SpikeEvent(tick: UInt16(onset + Self.spacing * $0), unit: UInt16(row)) })
        }
        return trains
    }

    /// The strength of each synapse relative to the mean of its circuit.
    private func strengths(_ recording: Recording, highest: Double) -> [Double] {
        var result = [Double](repeating: .nan, count: rows * circuits)
        guard let membranes = recording.membranes else { return result }
        let entries = recording.usableEntries.filter { $0 < rows }
        let (samples, before) = (membranes.sampleCount, onset / samplePeriod)
        guard !entries.isEmpty, samples > before else { return result }
        var mean = [Double](repeating: 0, count: samples * circuits)
        for entry in entries {
            for sample in 0..<samples {
                let start = sample * circuits
                for (circuit, code) in membranes.codes(entry: entry, sample: sample).enumerated() {
                    mean[start + circuit] += Double(code) / Double(entries.count)
                }
            }
        }
        // What a circuit reads before the burst is its rest; the first sample still shows how the entry began.
        var norms = [Double](repeating: 0, count: circuits)
        var rests = norms
        for circuit in 0..<circuits {
            let rest = (1...before).reduce(0) { $0 + mean[$1 * circuits + circuit] } / Double(before)
            rests[circuit] = rest
            var extremes = (rest, rest)
            for sample in 0..<samples {
                let value = mean[sample * circuits + circuit]
                extremes = (min(extremes.0, value), max(extremes.1, value))
                mean[sample * circuits + circuit] = value - rest
                if sample > before { norms[circuit] += (value - rest) * (value - rest) }
            }
            // Potentials of synapses half as strong again would be clipped there.
            let reach = (extremes.1 - extremes.0) / 2
            if extremes.0 - reach < 4 || extremes.1 + reach > highest - 4 { norms[circuit] = 0 }
        }
        for entry in entries {
            var projection = [Double](repeating: 0, count: circuits)
            for sample in (before + 1)..<samples {
                let start = sample * circuits
                for (circuit, code) in membranes.codes(entry: entry, sample: sample).enumerated() {
                    projection[circuit] += mean[start + circuit] * (Double(code) - rests[circuit])
                }
            }
            for circuit in 0..<circuits where norms[circuit] > Double(samples) {
                result[entry * circuits + circuit] = projection[circuit] / norms[circuit]
            }
        }
        return result
    }
}
