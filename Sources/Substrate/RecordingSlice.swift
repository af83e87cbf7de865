/// What a device measured in some entries of a batch that follow one another, as soon as it is known.
public struct RecordingSlice: Sendable, Equatable {
    /// The first of its entries, counted in the batch.
    public var firstEntry: Int
    /// Output spikes of its entries; units are neurons. Empty trains where spikes were not asked for.
    public var spikes: SpikeTrains
    /// CADC codes of its entries, where membranes were asked for.
    public var membranes: CADCRecording?
    /// What is wrong with each entry, if anything; shape `[entry]`.
    public var validity: [EntryValidity]

    /// A slice; every argument has the meaning of the property of its name.
    public init(
        firstEntry: Int, spikes: SpikeTrains, membranes: CADCRecording?, validity: [EntryValidity]
    ) {
        self.firstEntry = firstEntry
        self.spikes = spikes
        self.membranes = membranes
        self.validity = validity
    }

    /// Its entries, counted in the batch.
    public var entries: Range<Int> { firstEntry..<firstEntry + validity.count }

    /// One slice of some that follow one another. Traps without any, or where one does not follow the one before it.
    public init(joining slices: [RecordingSlice]) {
        precondition(!slices.isEmpty, "no slices to join")
        self = slices[0]
        guard slices.count > 1 else { return }
        spikes.reserve(
            entries: slices.reduce(0) { $0 + $1.validity.count },
            events: slices.reduce(0) { $0 + $1.spikes.eventCount })
        membranes?.codes.reserveCapacity(slices.reduce(0) { $0 + ($1.membranes?.codes.count ?? 0) })
        for slice in slices.dropFirst() {
            precondition(
                slice.firstEntry == entries.upperBound,
                "a slice from entry \(slice.firstEntry) on does not follow \(entries)")
            spikes.append(contentsOf: slice.spikes)
            membranes?.codes.append(contentsOf: slice.membranes?.codes ?? [])
            validity.append(contentsOf: slice.validity)
        }
    }
}

/// What is known of a batch once all of it has run.
public struct RecordingTotals: Sendable, Equatable {
    /// The batch.
    public var batch: UInt64
    /// Where every event went.
    public var accounting: EventAccounting
    /// What the run cost in chip time, energy and device time.
    public var execution: ExecutionReport
    /// Temperature of the chip when the batch began, in degrees Celsius, where the device measures it.
    public var temperature: Double?

    /// Totals; every argument has the meaning of the property of its name.
    public init(
        batch: UInt64, accounting: EventAccounting, execution: ExecutionReport, temperature: Double? = nil
    ) {
        self.batch = batch
        self.accounting = accounting
        self.execution = execution
        self.temperature = temperature
    }
}

extension Recording {
    /// The recording of all slices of a batch, in order. Traps unless they follow one another from entry 0 on.
    public init(joining slices: [RecordingSlice], totals: RecordingTotals) {
        let all = RecordingSlice(joining: slices)
        precondition(all.firstEntry == 0, "the slices begin with entry \(all.firstEntry)")
        self.init(
            batch: totals.batch, spikes: all.spikes, membranes: all.membranes, validity: all.validity,
            accounting: totals.accounting, execution: totals.execution, temperature: totals.temperature)
    }

    /// What is known of the batch as a whole.
    public var totals: RecordingTotals {
        RecordingTotals(
            batch: batch, accounting: accounting, execution: execution, temperature: temperature)
    }

    /// The recording in slices of `length` entries, the last one with fewer; one without entries has one empty slice.
    ///
    /// Traps if `length` is below one.
    public func slices(of length: Int) -> [RecordingSlice] {
        precondition(length > 0, "slices of \(length) entries")
        if length >= validity.count { return [slice(0..<validity.count)] }
        return stride(from: 0, to: validity.count, by: length).map {
            slice($0..<min($0 + length, validity.count))
        }
    }

    /// Some entries of the recording.
    private func slice(_ entries: Range<Int>) -> RecordingSlice {
        guard entries.count < validity.count else {
            return RecordingSlice(
                firstEntry: 0, spikes: spikes, membranes: membranes, validity: validity)
        }
        let part = membranes.map { membranes in
            let size = membranes.sampleCount * membranes.neurons.count
            return CADCRecording(
                neurons: membranes.neurons, sampleCount: membranes.sampleCount,
                codes: Array(
                    membranes.codes[entries.lowerBound * size..<entries.upperBound * size]))
        }
        return RecordingSlice(
            firstEntry: entries.lowerBound, spikes: spikes.entries(entries), membranes: part,
            validity: Array(validity[entries]))
    }
}
