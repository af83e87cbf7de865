import Glibc

/// A link that misbehaves: a wrapper that loses, doubles, damages and delays frames, the same way for the same seed.
///
/// What happens to a frame depends on the seed, the direction and the frame's number alone. Order is kept.
public struct UnreliableTransport<Base: Transport & ~Copyable>: Transport, ~Copyable {
    private var base: Base
    private let faults: LinkFaults
    private var sent: UInt64 = 0
    private var received: UInt64 = 0
    private var waiting: [[UInt8]] = []

    /// Wraps a link.
    public init(_ base: consuming Base, faults: LinkFaults) {
        self.base = base
        self.faults = faults
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { base.wake }

    /// Sends a frame, or does not.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        let fate = faults.fate(of: sent, direction: .sending)
        sent += 1
        for copy in pass(frame, fate) { try base.send(copy) }
    }

    /// Waits for the next frame that the faults let through.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        while waiting.isEmpty {
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            guard let frame = try base.receive(within: left) else { return nil }
            let fate = faults.fate(of: received, direction: .receiving)
            received += 1
            waiting += pass(frame, fate)
        }
        return waiting.removeFirst()
    }

    /// Ends the link.
    public consuming func close() {
        base.close()
    }

    /// What is left of a frame; a delayed one holds up those behind it.
    private func pass(_ frame: [UInt8], _ fate: LinkFaults.Fate) -> [[UInt8]] {
        switch fate {
        case .intact: return [frame]
        case .lost: return []
        case .doubled: return [frame, frame]
        case .damaged(let position):
            guard !frame.isEmpty else { return [frame] }
            var damaged = frame
            damaged[Int(position / 8 % UInt64(frame.count))] ^= 1 << UInt8(position % 8)
            return [damaged]
        case .delayed:
            usleep(UInt32(clamping: faults.delay.components.attoseconds / 1_000_000_000_000))
            return [frame]
        }
    }
}

/// How a link misbehaves: a probability for each fault, and the seed that decides.
public struct LinkFaults: Sendable, Hashable {
    /// What decides, with the direction and number of a frame.
    public var seed: UInt64
    /// Probability that a frame is lost.
    public var loss: Double
    /// Probability that a frame arrives twice.
    public var duplication: Double
    /// Probability that one bit of a frame is flipped.
    public var damage: Double
    /// Probability that a frame is late.
    public var lateness: Double
    /// How late a late frame is; below a second.
    public var delay: Duration

    /// Faults with these probabilities, whose sum must not exceed 1.
    ///
    /// Traps if it does, or if the delay is a second or more.
    public init(
        seed: UInt64, loss: Double = 0, duplication: Double = 0, damage: Double = 0,
        lateness: Double = 0, delay: Duration = .milliseconds(10)
    ) {
        let sum = loss + duplication + damage + lateness
        precondition(sum <= 1, "the probabilities of the faults add up to \(sum), more than 1")
        precondition(delay < .seconds(1), "a delay of \(delay) is not below a second")
        self.seed = seed
        self.loss = loss
        self.duplication = duplication
        self.damage = damage
        self.lateness = lateness
        self.delay = delay
    }

    /// What happens to one frame.
    enum Fate: Equatable {
        case intact
        case lost
        case doubled
        case damaged(bit: UInt64)
        case delayed
    }

    /// The two ways that a frame can go.
    enum Direction: UInt64 {
        case sending = 0
        case receiving = 1
    }

    /// Decides on a frame by hashing seed, direction and number (the finaliser of SplitMix64).
    func fate(of number: UInt64, direction: Direction) -> Fate {
        let key = Self.mix(Self.mix(seed) ^ (number << 1 | direction.rawValue))
        let draw = Double(key >> 11) * 0x1p-53
        if draw < loss { return .lost }
        if draw < loss + duplication { return .doubled }
        if draw < loss + duplication + damage { return .damaged(bit: Self.mix(key)) }
        if draw < loss + duplication + damage + lateness { return .delayed }
        return .intact
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
