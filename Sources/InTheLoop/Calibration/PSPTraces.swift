internal import Substrate

/// Readings of all circuits, averaged over the entries of a kind.
struct PSPTraces {
    private let circuits: Int
    private let samples: Int
    /// Shape `[trace, sample, circuit]`.
    private var sums: [UInt32]
    /// Entries of each trace.
    private var counts: [Int]

    /// The averages of a recording; `trace` says which trace an entry belongs to.
    init(_ recording: Recording, circuits: Int, traces: Int, trace: (Int) -> Int) {
        self.circuits = circuits
        samples = recording.membranes?.sampleCount ?? 0
        sums = [UInt32](repeating: 0, count: traces * samples * circuits)
        counts = [Int](repeating: 0, count: traces)
        guard let membranes = recording.membranes else { return }
        for entry in recording.usableEntries {
            counts[trace(entry)] += 1
            for sample in 0..<samples {
                let start = (trace(entry) * samples + sample) * circuits
                for (circuit, code) in membranes.codes(entry: entry, sample: sample).enumerated() {
                    sums[start + circuit] += UInt32(code)
                }
            }
        }
    }

    /// The mean readings of a circuit, in CADC LSB, NaN without entries; shape `[sample]`.
    func readings(_ trace: Int, circuit: Int) -> [Double] {
        (0..<samples).map { sample in
            Double(sums[(trace * samples + sample) * circuits + circuit]) / Double(counts[trace])
        }
    }
}
