/// MT19937 (Matsumoto, Nishimura, ACM TOMACS 8(1), 1998), with its plain 32-bit initialisation.
///
/// Only for data sets that are defined by it; everything of our own draws from `RandomStream`.
struct MersenneTwister {
    private static let size = 624
    private static let middle = 397

    private var state: [UInt32]
    private var index = Self.size

    /// The generator of a 32-bit seed.
    init(seed: UInt32) {
        state = [seed]
        state.reserveCapacity(Self.size)
        for position in 1..<Self.size {
            let last = state[position - 1]
            state.append(1_812_433_253 &* (last ^ last >> 30) &+ UInt32(position))
        }
    }

    /// The next 32 bits.
    mutating func next() -> UInt32 {
        if index == Self.size { twist() }
        var word = state[index]
        index += 1
        word ^= word >> 11
        word ^= word << 7 & 0x9D2C_5680
        word ^= word << 15 & 0xEFC6_0000
        return word ^ word >> 18
    }

    /// A number from [0, 1) with 53 random bits, the high 27 drawn first.
    mutating func nextDouble() -> Double {
        let high = next() >> 5
        let low = next() >> 6
        return (Double(high) * 67_108_864 + Double(low)) / 0x1p53
    }

    private mutating func twist() {
        for position in 0..<Self.size {
            let following = state[(position + 1) % Self.size]
            let joined = state[position] & 0x8000_0000 | following & 0x7FFF_FFFF
            let odd: UInt32 = joined & 1 == 0 ? 0 : 0x9908_B0DF
            state[position] = state[(position + Self.middle) % Self.size] ^ joined >> 1 ^ odd
        }
        index = 0
    }
}
