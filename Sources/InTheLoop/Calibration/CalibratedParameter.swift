public import Substrate

/// What a calibration finds for each neuron circuit.
public enum CalibratedParameter: String, Sendable, Hashable, Codable, CaseIterable {
    /// What the converter of the column reads too much, in CADC LSB.
    case converter
    /// Leak potential, in CADC LSB.
    case leak
    /// Reset potential, in CADC LSB.
    case reset
    /// Spike threshold, in CADC LSB.
    case threshold
    /// Membrane time constant, in microseconds.
    case tauMem
    /// Time constant of the excitatory synaptic current, in microseconds.
    case tauSynExcitatory
    /// Time constant of the inhibitory synaptic current, in microseconds.
    case tauSynInhibitory
    /// Synaptic gain, in CADC LSB per weight code.
    case synapticGain

    /// The name that users read.
    public var name: String {
        switch self {
        case .converter: "CADC offset"
        case .leak: "leak"
        case .reset: "reset"
        case .threshold: "threshold"
        case .tauMem: "tau_mem"
        case .tauSynExcitatory: "tau_syn exc."
        case .tauSynInhibitory: "tau_syn inh."
        case .synapticGain: "synaptic gain"
        }
    }

    /// The unit of its values.
    public var unit: String {
        switch self {
        case .converter, .leak, .reset, .threshold: "LSB"
        case .tauMem, .tauSynExcitatory, .tauSynInhibitory: "µs"
        case .synapticGain: "LSB/code"
        }
    }

    /// The value that a calibration aims at.
    public func target(of targets: NeuronTargets) -> Double {
        switch self {
        case .converter: 0
        case .leak: targets.leak
        case .reset: targets.reset
        case .threshold: targets.threshold
        case .tauMem: targets.tauMem
        case .tauSynExcitatory: targets.tauSynExcitatory
        case .tauSynInhibitory: targets.tauSynInhibitory
        case .synapticGain: targets.synapticGain
        }
    }

    /// The spread over neurons that a calibration must stay below, as a standard deviation in the parameter's unit.
    ///
    /// Time constants and converter: the regression tests of calix, the chip's calibration library (tau_m 6 %,
    /// tau_s 5 %, 3 LSB). Threshold: 3 % of (threshold - leak), after the noise model of Goeltz et al. 2021. Leak,
    /// reset and gain (1.5 LSB, 5 %): own estimates.
    public func bound(for targets: NeuronTargets) -> Double {
        switch self {
        case .converter: 3
        case .leak, .reset: 1.5
        case .threshold: 0.03 * (targets.threshold - targets.leak)
        case .tauMem: 0.06 * targets.tauMem
        case .tauSynExcitatory: 0.05 * targets.tauSynExcitatory
        case .tauSynInhibitory: 0.05 * targets.tauSynInhibitory
        case .synapticGain: 0.05 * targets.synapticGain
        }
    }

    /// How far from its target a neuron may be and still count as calibrated: three times the bound of the spread.
    public func tolerance(for targets: NeuronTargets) -> Double { 3 * bound(for: targets) }
}
