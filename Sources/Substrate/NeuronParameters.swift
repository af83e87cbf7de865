/// What the neurons of a chip can be set to.
public struct NeuronParameters: Sendable, Hashable, Codable {
    /// Leak and reset potentials, in CADC LSB.
    public var potential: ParameterRange
    /// Thresholds, in CADC LSB.
    public var threshold: ParameterRange
    /// Membrane time constants, in microseconds.
    public var tauMem: ParameterRange
    /// Synaptic time constants, in microseconds.
    public var tauSyn: ParameterRange
    /// Refractory times, in microseconds.
    public var refractory: ParameterRange
    /// Synaptic gains, in CADC LSB per weight code.
    public var synapticGain: ParameterRange
    /// Bits of a code; zero for parameters that take any value and have no codes.
    public var bits: Int
    /// Whether the chip expects the host to find the codes; otherwise its neurons are what they are.
    public var isCalibratedByHost: Bool

    /// Parameters; every argument has the meaning of the property of its name.
    public init(
        potential: ParameterRange, threshold: ParameterRange, tauMem: ParameterRange,
        tauSyn: ParameterRange, refractory: ParameterRange, synapticGain: ParameterRange, bits: Int,
        isCalibratedByHost: Bool
    ) {
        self.potential = potential
        self.threshold = threshold
        self.tauMem = tauMem
        self.tauSyn = tauSyn
        self.refractory = refractory
        self.synapticGain = synapticGain
        self.bits = bits
        self.isCalibratedByHost = isCalibratedByHost
    }

    /// The highest code; zero where there are none.
    public var highestCode: Int { (1 << bits) - 1 }
}
