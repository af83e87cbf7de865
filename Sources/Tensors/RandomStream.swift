/// A counter-based random stream: its numbers are a function of a key and a position, of nothing else.
///
/// The key is made of a seed, a purpose and indices, so that no stream shifts another's numbers, and a position can be
/// stored and taken up again. The mixing function is the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014)
/// applied to a Weyl sequence, i.e. SplitMix64 itself with the key as its state.
public struct RandomStream: Sendable, Equatable, RandomNumberGenerator {
    /// What a stream is for.
    public enum Purpose: UInt64, Sendable {
        /// Initial weights; index: layer.
        case weights = 1
        /// Order of training samples; index: epoch.
        case shuffle = 2
        /// Dropout masks; index: training step.
        case dropout = 3
        /// Augmentation of inputs; indices: epoch, sample.
        case augmentation = 4
        /// Inputs and networks of tests and self-checks; index: trial.
        case trial = 5
        /// Names of runs and nonces of links.
        case identity = 6
    }

    private let key: UInt64
    /// Numbers drawn so far.
    public private(set) var position: UInt64 = 0

    /// The stream of a seed, a purpose and indices.
    public init(seed: UInt64, purpose: Purpose, _ indices: UInt64...) {
        var key = Self.mix(seed &+ Self.golden)
        key = Self.mix(key ^ purpose.rawValue &* Self.golden)
        for index in indices { key = Self.mix(key ^ (index &+ 1) &* Self.golden) }
        self.key = key
    }

    /// The next 64 bits.
    public mutating func next() -> UInt64 {
        position &+= 1
        return Self.mix(key &+ position &* Self.golden)
    }

    /// A number from [0, 1), a multiple of 2^-53.
    public mutating func nextUniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A standard normal number (Marsaglia's polar method), the same on every machine.
    public mutating func nextNormal() -> Double {
        while true {
            let x = 2 * nextUniform() - 1
            let y = 2 * nextUniform() - 1
            let square = x * x + y * y
            if square > 0, square < 1 {
                return x * (-2 * PortableMath.log(square) / square).squareRoot()
            }
        }
    }

    /// A permutation of `0..<count` (Fisher, Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) {
            order.swapAt(index, Int(next(upperBound: UInt64(index + 1))))
        }
        return order
    }

    private static let golden: UInt64 = 0x9E37_79B9_7F4A_7C15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
