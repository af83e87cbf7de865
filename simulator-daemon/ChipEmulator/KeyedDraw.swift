/// Random numbers that are a function of a chip's serial, a purpose and indices, of nothing else.
struct KeyedDraw {
    /// What a deviation belongs to. The numbers are part of what a serial means: never reuse or renumber.
    enum Purpose: UInt64 {
        /// Membrane time constant; index: circuit.
        case tauMem = 1
        /// Excitatory time constant; index: circuit.
        case tauSynExcitatory = 2
        /// Inhibitory time constant; index: circuit.
        case tauSynInhibitory = 3
        /// Threshold; index: circuit.
        case threshold = 4
        /// Synaptic gain; index: circuit.
        case synapticGain = 5
        /// Leak potential; index: circuit.
        case leak = 6
        /// Reset potential; index: circuit.
        case reset = 7
        /// Synapse; indices: circuit, row.
        case synapse = 8
        /// Row driver; indices: array, row.
        case rowDriver = 9
        /// CADC offset; index: column.
        case converterOffset = 10
        /// CADC gain; index: column.
        case converterGain = 11
        /// Key of the temporal noise of a batch; indices: noise seed, batch.
        case trial = 12
        /// Bow of a synapse's DAC; indices: circuit, row.
        case synapseBow = 13
        /// Skew of a CADC column; index: column.
        case converterSkew = 14
        /// Error of writing a leak; indices: circuit, what is written, noise seed.
        case writtenLeak = 15
        /// Error of writing a reset; indices: circuit, what is written, noise seed.
        case writtenReset = 16
        /// Error of writing a threshold; indices: circuit, what is written, noise seed.
        case writtenThreshold = 17
        /// Error of writing a membrane time constant; indices: circuit, what is written, noise seed.
        case writtenTauMem = 18
        /// Error of writing an excitatory time constant; indices: circuit, what is written, noise seed.
        case writtenTauSynExcitatory = 19
        /// Error of writing an inhibitory time constant; indices: circuit, what is written, noise seed.
        case writtenTauSynInhibitory = 20
        /// Error of writing a synaptic gain; indices: circuit, what is written, noise seed.
        case writtenSynapticGain = 21
        /// Key of the errors of writing weights; index: noise seed.
        case writtenWeight = 22
        /// Whether a circuit is dead; index: circuit.
        case dead = 23
        /// Whether a circuit is silent; index: circuit.
        case silent = 24
        /// Whether a circuit fires always; index: circuit.
        case firing = 25
        /// Whether a synapse is stuck at zero; indices: circuit, row.
        case stuckAtZero = 26
        /// Whether a synapse is stuck at its full weight; indices: circuit, row.
        case stuckAtFull = 27
        /// Key of the leaks' temperature coefficients.
        case temperatureLeak = 28
        /// Key of the time constants' temperature coefficients.
        case temperatureTau = 29
        /// Key of the thresholds' temperature coefficients.
        case temperatureThreshold = 30
        /// Key of the gains' temperature coefficients.
        case temperatureGain = 31
        /// Key of the leaks of a batch; indices: noise seed, batch.
        case batchLeak = 32
        /// Key of the thresholds of a batch; indices: noise seed, batch.
        case batchThreshold = 33
        /// Key of the membrane time constants of a batch; indices: noise seed, batch.
        case batchTauMem = 34
        /// Key of the excitatory time constants of a batch; indices: noise seed, batch.
        case batchTauSynExcitatory = 35
        /// Key of the inhibitory time constants of a batch; indices: noise seed, batch.
        case batchTauSynInhibitory = 36
        /// Key of the synaptic gains of a batch; indices: noise seed, batch.
        case batchSynapticGain = 37
        /// Key of a node of the leaks' drift; indices: noise seed, octave, node.
        case driftLeak = 38
        /// Key of a node of the thresholds' drift; indices: noise seed, octave, node.
        case driftThreshold = 39
        /// Key of a node of the membrane time constants' drift; indices: noise seed, octave, node.
        case driftTauMem = 40
        /// Key of a node of the excitatory time constants' drift; indices: noise seed, octave, node.
        case driftTauSynExcitatory = 41
        /// Key of a node of the inhibitory time constants' drift; indices: noise seed, octave, node.
        case driftTauSynInhibitory = 42
        /// Key of a node of the synaptic gains' drift; indices: noise seed, octave, node.
        case driftSynapticGain = 43
    }

    private var state: UInt64

    /// The numbers of a purpose and its indices on the chip of a serial.
    init(serial: UInt64, _ purpose: Purpose, _ first: UInt64, _ second: UInt64 = 0) {
        state = Self.mix(serial ^ 0x5851_F42D_4C95_7F2D)
        state = Self.mix(state ^ purpose.rawValue)
        state = Self.mix(state &+ first &* 0x9E37_79B9_7F4A_7C15)
        state = Self.mix(state ^ second &* 0xD134_2543_DE82_EF95)
    }

    /// The numbers of a purpose with three indices.
    init(serial: UInt64, _ purpose: Purpose, _ first: UInt64, _ second: UInt64, _ third: UInt64) {
        self.init(serial: serial, purpose, first, second)
        state = Self.mix(state ^ third &* 0xA076_1D64_78BD_642F)
    }

    /// The key itself.
    var key: UInt64 { state }

    /// A standard normal number (Marsaglia's polar method).
    mutating func normal() -> Double {
        while true {
            let x = uniform()
            let y = uniform()
            let square = x * x + y * y
            if square > 0, square < 1 {
                return x * (-2 * ElementaryFunctions.log(square) / square).squareRoot()
            }
        }
    }

    /// A positive factor of mean 1 and relative standard deviation `spread`: lognormal, and exactly 1 for no spread.
    mutating func factor(spread: Double) -> Double {
        spread > 0 ? Self.factor(spread: spread, normal: normal()) : 1
    }

    /// The same from a given standard normal number.
    static func factor(spread: Double, normal: Double) -> Double {
        let variance = ElementaryFunctions.log(1 + spread * spread)
        return ElementaryFunctions.exp(variance.squareRoot() * normal - variance / 2)
    }

    /// A number from [0, 1).
    mutating func chance() -> Double { (uniform() + 1) / 2 }

    /// A number from [-1, 1).
    private mutating func uniform() -> Double {
        state &+= 0x9E37_79B9_7F4A_7C15
        return Double(Int64(bitPattern: Self.mix(state)) >> 11) * 0x1p-52
    }

    /// The finaliser of MurmurHash3 (A. Appleby).
    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value
        mixed = (mixed ^ mixed >> 33) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ mixed >> 33) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ mixed >> 33
    }
}
