/// What was measured of the neuron circuits of a chip, in the units of `CalibratedParameter`.
///
/// Every column has the shape `[circuit]`; NaN where a circuit did not allow the measurement. Potentials are what the
/// CADC reads, as the trainer sees them.
public struct NeuronMeasurements: Sendable, Equatable, Codable {
    /// Reading less voltage, at a voltage between leak and threshold; CADC LSB.
    public var converter: [Double]
    /// Leak potential, in CADC LSB.
    public var leak: [Double]
    /// Reset potential, in CADC LSB.
    public var reset: [Double]
    /// Spike threshold, in CADC LSB; NaN also where a neuron fires without input.
    public var threshold: [Double]
    /// Membrane time constant, in microseconds.
    public var tauMem: [Double]
    /// Time constant of the excitatory synaptic current, in microseconds.
    public var tauSynExcitatory: [Double]
    /// Time constant of the inhibitory synaptic current, in microseconds.
    public var tauSynInhibitory: [Double]
    /// Synaptic gain, in CADC LSB per weight code.
    public var synapticGain: [Double]

    /// Nothing measured yet of so many circuits: all NaN.
    init(circuits: Int) {
        let unknown = [Double](repeating: .nan, count: circuits)
        converter = unknown
        leak = unknown
        reset = unknown
        threshold = unknown
        tauMem = unknown
        tauSynExcitatory = unknown
        tauSynInhibitory = unknown
        synapticGain = unknown
    }

    /// Number of circuits.
    public var circuitCount: Int { leak.count }

    /// The column of a parameter; shape `[circuit]`.
    public subscript(parameter: CalibratedParameter) -> [Double] {
        switch parameter {
        case .converter: converter
        case .leak: leak
        case .reset: reset
        case .threshold: threshold
        case .tauMem: tauMem
        case .tauSynExcitatory: tauSynExcitatory
        case .tauSynInhibitory: tauSynInhibitory
        case .synapticGain: synapticGain
        }
    }

    /// Whether all columns have one length.
    var isWellFormed: Bool { CalibratedParameter.allCases.allSatisfy { self[$0].count == circuitCount } }
}
