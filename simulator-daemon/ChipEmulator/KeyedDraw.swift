/// Random numbers that are a function of a chip's serial, a purpose and indices, of nothing else.
struct KeyedDraw {
    /// What a fixed deviation belongs to. The numbers are part of what a serial means: never reuse or renumber.
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
    }

    private var state: UInt64

    /// The numbers of a purpose and its indices on the chip of a serial.
    init(serial: UInt64, _ purpose: Purpose, _ first: UInt64, _ second: UInt64 = 0) {
        state = Self.mix(serial ^ 0x5851_F42D_4C95_7F2D)
        state = Self.mix(state ^ purpose.rawValue)
        state = Self.mix(state &+ first &* 0x9E37_79B9_7F4A_7C15)
        state = Self.mix(state ^ second &* 0xD134_2543_DE82_EF95)
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
        guard spread > 0 else { return 1 }
        let variance = ElementaryFunctions.log(1 + spread * spread)
        return ElementaryFunctions.exp(variance.squareRoot() * normal() - variance / 2)
    }

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
