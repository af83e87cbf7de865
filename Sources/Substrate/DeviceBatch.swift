/// A complete statement of what to run: a device that gets one needs nothing else to give the recording.
///
/// A client sends only what the device does not hold already (configuration by hash, weights as changes).
public struct DeviceBatch: Sendable {
    /// Number of the batch within the run; the same number and content give the same recording on an emulated chip.
    public var id: UInt64
    /// What must be written before the run.
    public var configuration: ChipConfiguration
    /// The weights to run on.
    public var synapses: SynapseMatrix
    /// The input events of each entry; units are inputs.
    public var inputs: SpikeTrains
    /// What to record.
    public var observables: Observables

    /// A batch; every argument has the meaning of the property of its name.
    public init(
        id: UInt64, configuration: ChipConfiguration, synapses: SynapseMatrix, inputs: SpikeTrains,
        observables: Observables
    ) {
        self.id = id
        self.configuration = configuration
        self.synapses = synapses
        self.inputs = inputs
        self.observables = observables
    }

    /// Batches with a device at a time that keep it busy: one runs, one waits beside the chip, and one is on its way.
    public static let pipelineDepth = 3
}

/// What a device records of each entry.
public struct Observables: Sendable, Hashable, Codable {
    /// Whether the spikes of all spiking populations are recorded.
    public var spikes: Bool
    /// The neurons whose membranes the CADC samples; empty for none.
    public var membranes: Range<Int>
    /// A voltage common to all columns, in CADC LSB, that the CADC samples instead of the membranes; `nil` for the
    /// membranes. It tells a column's own error from the neuron's.
    public var reference: Double?

    /// What a device records of each entry.
    public init(spikes: Bool, membranes: Range<Int>, reference: Double? = nil) {
        self.spikes = spikes
        self.membranes = membranes
        self.reference = reference
    }
}
