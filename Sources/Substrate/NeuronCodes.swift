/// What is written into the analog parameter memory of one neuron: a code for each of its parameters.
///
/// What a code does on a chip is for a calibration to find out; `ParameterRanges` says what it does on paper.
public struct NeuronCodes: Sendable, Hashable, Codable {
    /// Leak potential.
    public var leak: UInt16
    /// Reset potential.
    public var reset: UInt16
    /// Spike threshold.
    public var threshold: UInt16
    /// Membrane time constant.
    public var tauMem: UInt16
    /// Time constant of the excitatory synaptic current.
    public var tauSynExcitatory: UInt16
    /// Time constant of the inhibitory synaptic current.
    public var tauSynInhibitory: UInt16
    /// Refractory time.
    public var refractory: UInt16
    /// Synaptic gain.
    public var synapticGain: UInt16
    /// What the CADC takes off every reading of the neuron's column, in LSB.
    public var cadcOffset: Int16

    /// Codes; every argument has the meaning of the property of its name.
    public init(
        leak: UInt16, reset: UInt16, threshold: UInt16, tauMem: UInt16, tauSynExcitatory: UInt16,
        tauSynInhibitory: UInt16, refractory: UInt16, synapticGain: UInt16, cadcOffset: Int16
    ) {
        self.leak = leak
        self.reset = reset
        self.threshold = threshold
        self.tauMem = tauMem
        self.tauSynExcitatory = tauSynExcitatory
        self.tauSynInhibitory = tauSynInhibitory
        self.refractory = refractory
        self.synapticGain = synapticGain
        self.cadcOffset = cadcOffset
    }
}
