/// What a population's neurons are set to, as hardware values; the device's calibration finds the codes.
public struct NeuronTargets: Sendable, Hashable, Codable {
    /// Leak potential, in CADC LSB.
    public var leak: Double
    /// Reset potential, in CADC LSB.
    public var reset: Double
    /// Spike threshold, in CADC LSB. Without meaning for a readout, whose comparator is off.
    public var threshold: Double
    /// Membrane time constant, in microseconds of chip time.
    public var tauMem: Double
    /// Time constant of the excitatory synaptic current, in microseconds.
    public var tauSynExcitatory: Double
    /// Time constant of the inhibitory synaptic current, in microseconds.
    public var tauSynInhibitory: Double
    /// Refractory time, in microseconds.
    public var refractory: Double
    /// Membrane shift by a constant current of one weight code, in CADC LSB: the `R` of
    /// `tau_mem dV/dt = -(V - leak) + R (I_exc - I_inh)`, with currents in weight codes.
    public var synapticGain: Double

    /// Targets; every argument has the meaning of the property of its name.
    public init(
        leak: Double, reset: Double, threshold: Double, tauMem: Double, tauSynExcitatory: Double,
        tauSynInhibitory: Double, refractory: Double, synapticGain: Double
    ) {
        self.leak = leak
        self.reset = reset
        self.threshold = threshold
        self.tauMem = tauMem
        self.tauSynExcitatory = tauSynExcitatory
        self.tauSynInhibitory = tauSynInhibitory
        self.refractory = refractory
        self.synapticGain = synapticGain
    }
}
