/// What a chip has, and the limits that a network must fit.
public struct ChipGeometry: Sendable, Hashable, Codable {
    /// Neuron circuits in all; a logical neuron merges one or more of them.
    public var neuronCircuits: Int
    /// Signed inputs that one neuron circuit can receive (each takes an excitatory and an inhibitory synapse).
    public var signedInputsPerCircuit: Int
    /// External input channels.
    public var inputChannels: Int
    /// Largest magnitude of a signed weight code.
    public var weightLimit: Int
    /// Largest CADC code.
    public var cadcMaximum: Int
    /// Shortest CADC sample period, in ticks.
    public var minimumSamplePeriod: Int
    /// Trace memory of one device run, in bytes (one per sample and column).
    public var traceMemoryBytes: Int
    /// Most events of one batch entry.
    public var maximumEventsPerEntry: Int
    /// Most entries of one batch.
    public var maximumEntriesPerBatch: Int

    /// A geometry; every argument has the meaning of the property of its name.
    public init(
        neuronCircuits: Int, signedInputsPerCircuit: Int, inputChannels: Int, weightLimit: Int,
        cadcMaximum: Int, minimumSamplePeriod: Int, traceMemoryBytes: Int,
        maximumEventsPerEntry: Int, maximumEntriesPerBatch: Int
    ) {
        self.neuronCircuits = neuronCircuits
        self.signedInputsPerCircuit = signedInputsPerCircuit
        self.inputChannels = inputChannels
        self.weightLimit = weightLimit
        self.cadcMaximum = cadcMaximum
        self.minimumSamplePeriod = minimumSamplePeriod
        self.traceMemoryBytes = traceMemoryBytes
        self.maximumEventsPerEntry = maximumEventsPerEntry
        self.maximumEntriesPerBatch = maximumEntriesPerBatch
    }

    /// Circuits that a logical neuron with this many signed inputs needs: `ceil(fanIn / signedInputsPerCircuit)`.
    public func circuits(fanIn: Int) -> Int {
        max(1, (fanIn + signedInputsPerCircuit - 1) / signedInputsPerCircuit)
    }

    /// A chip after BrainScaleS-2: 512 circuits, 128 signed inputs each, 6-bit weights, an 8-bit CADC.
    public static let brainScaleS2 = ChipGeometry(
        neuronCircuits: 512, signedInputsPerCircuit: 128, inputChannels: 256, weightLimit: 63,
        cadcMaximum: 255, minimumSamplePeriod: 68, traceMemoryBytes: 131_072,
        maximumEventsPerEntry: 4_096, maximumEntriesPerBatch: 1_024)
}
