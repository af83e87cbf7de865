internal import Substrate

/// Mean readings of membranes at rest, with the comparators off, or of a common voltage.
struct PotentialMeasurement {
    /// Distance of samples, in ticks.
    let samplePeriod: Int
    /// Samples before this one are of membranes that still settle.
    let settled: Int
    private let window: Int
    private let entries: Int

    /// A measurement for a chip's targets.
    init(_ bench: CircuitBench, entries: Int) {
        // A third of the window to settle, and a dozen time constants to average the membrane's noise over.
        let wanted = ChipClock.ticks(microseconds: 18 * bench.targets.tauMem)
        let samples = 120
        window = min(max(wanted, samples * bench.geometry.minimumSamplePeriod), ChipClock.maximumWindow)
        samplePeriod = bench.samplePeriod(window: window, samples: samples)
        settled = window / samplePeriod / 3
        self.entries = entries
    }

    /// The mean reading of each circuit, in CADC LSB; shape `[circuit]`.
    ///
    /// - Parameter reference: the voltage to sample instead of the membranes, in CADC LSB.
    func readings(
        _ bench: inout CircuitBench, codes: [NeuronCodes], reference: Double? = nil
    ) async throws(DeviceError) -> [Double] {
        let recording = try await record(&bench, codes: codes, reference: reference)
        var mean = ReadingMean(circuits: bench.circuits)
        for entry in recording.usableEntries {
            guard let membranes = recording.membranes else { break }
            for sample in settled..<membranes.sampleCount {
                mean.add(membranes.codes(entry: entry, sample: sample))
            }
        }
        return mean.values
    }

    /// The recording that `readings` averages.
    func record(
        _ bench: inout CircuitBench, codes: [NeuronCodes], reference: Double? = nil
    ) async throws(DeviceError) -> Recording {
        try await bench.run(
            .init(
                kind: .integrating, window: window, samplePeriod: samplePeriod,
                inputs: CircuitBench.silence(entries: entries), reference: reference),
            codes: codes)
    }

    /// The circuits that fire though nothing drives them.
    func restless(
        _ bench: inout CircuitBench, codes: [NeuronCodes]
    ) async throws(DeviceError) -> [Int] {
        let recording = try await bench.run(
            .init(
                kind: .spiking, window: window, samplePeriod: samplePeriod,
                inputs: CircuitBench.silence(entries: entries)),
            codes: codes)
        var spikes = [Int](repeating: 0, count: bench.circuits)
        for event in recording.spikes.events { spikes[Int(event.unit)] += 1 }
        // A spike now and then may be noise.
        return spikes.indices.filter { spikes[$0] >= entries }
    }
}

/// Mean CADC codes of each circuit.
struct ReadingMean {
    private var sums: [UInt32]
    private var count = 0

    /// No readings yet.
    init(circuits: Int) {
        sums = [UInt32](repeating: 0, count: circuits)
    }

    /// Adds a sample of all circuits.
    mutating func add(_ codes: ArraySlice<UInt8>) {
        count += 1
        for (circuit, code) in codes.enumerated() { sums[circuit] += UInt32(code) }
    }

    /// The means, NaN without samples; shape `[circuit]`.
    var values: [Double] { sums.map { count == 0 ? .nan : Double($0) / Double(count) } }
}

extension Recording {
    /// The entries that ran on schedule.
    var usableEntries: [Int] {
        let count = validity.isEmpty ? spikes.entryCount : validity.count
        return (0..<count).filter { validity.isEmpty || !validity[$0].contains(.timingOverrun) }
    }
}

extension CADCRecording {
    /// The codes of all columns at a sample of an entry.
    func codes(entry: Int, sample: Int) -> ArraySlice<UInt8> {
        let start = (entry * sampleCount + sample) * neurons.count
        return codes[start..<start + neurons.count]
    }
}
