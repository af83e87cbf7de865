/// What a device measured in a batch, as it measured it.
public struct Recording: Sendable, Equatable {
    /// The batch this answers.
    public var batch: UInt64
    /// Output spikes; units are neurons. Empty trains where spikes were not asked for.
    public var spikes: SpikeTrains
    /// CADC codes, where membranes were asked for.
    public var membranes: CADCRecording?
    /// What is wrong with each entry, if anything; shape `[entry]`.
    public var validity: [EntryValidity]
    /// Where every event went.
    public var accounting: EventAccounting
    /// What the run cost in chip time, energy and device time.
    public var execution: ExecutionReport
    /// Temperature of the chip when the batch began, in degrees Celsius, where the device measures it.
    public var temperature: Double?

    /// A recording; every argument has the meaning of the property of its name.
    public init(
        batch: UInt64, spikes: SpikeTrains, membranes: CADCRecording?, validity: [EntryValidity],
        accounting: EventAccounting, execution: ExecutionReport, temperature: Double? = nil
    ) {
        self.batch = batch
        self.spikes = spikes
        self.membranes = membranes
        self.validity = validity
        self.accounting = accounting
        self.execution = execution
        self.temperature = temperature
    }
}

/// CADC codes `[entry, sample, column]`, row-major.
public struct CADCRecording: Sendable, Equatable {
    /// The neurons that the columns belong to.
    public var neurons: Range<Int>
    /// Samples of each entry.
    public var sampleCount: Int
    /// Codes, one byte each; shape `[entry, sample, neurons.count]`.
    public var codes: [UInt8]

    /// CADC codes of some neurons.
    public init(neurons: Range<Int>, sampleCount: Int, codes: [UInt8]) {
        self.neurons = neurons
        self.sampleCount = sampleCount
        self.codes = codes
    }
}

/// What is wrong with a batch entry; the empty set is a good entry.
public struct EntryValidity: OptionSet, Sendable, Hashable {
    /// The wire's byte.
    public let rawValue: UInt8
    /// A set by its byte.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The device missed its own schedule.
    public static let timingOverrun = EntryValidity(rawValue: 1)
    /// Events were lost in a full buffer.
    public static let fifoOverflow = EntryValidity(rawValue: 2)
    /// A CADC sample hit the end of its range.
    public static let saturated = EntryValidity(rawValue: 4)
    /// The chip was outside its temperature range.
    public static let temperature = EntryValidity(rawValue: 8)
}
