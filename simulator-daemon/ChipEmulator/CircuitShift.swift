/// How a circuit differs in one batch from what it was when it was programmed.
package struct CircuitShift: Equatable {
    /// Added to the leak potential, in CADC LSB.
    package var leak = 0.0
    /// Added to the threshold, relative to (threshold - leak).
    package var threshold = 0.0
    /// Factor of the membrane time constant.
    package var tauMem = 1.0
    /// Factor of the excitatory time constant.
    package var tauSynExcitatory = 1.0
    /// Factor of the inhibitory time constant.
    package var tauSynInhibitory = 1.0
    /// Factor of the synaptic gain.
    package var synapticGain = 1.0
}
