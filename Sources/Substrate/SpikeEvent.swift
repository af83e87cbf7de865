/// One event: a unit (an input, or a neuron) and the tick at which it fired.
///
/// Two 16-bit fields in this order, which is also the wire's order (`protocol/SPEC.md`, AER32).
public struct SpikeEvent: Sendable, Hashable, BitwiseCopyable {
    /// Time since the start of the batch entry, in ticks of 8 ns.
    public var tick: UInt16
    /// Input or neuron index, by context.
    public var unit: UInt16

    /// An event of `unit` at `tick`.
    public init(tick: UInt16, unit: UInt16) {
        self.tick = tick
        self.unit = unit
    }
}

extension SpikeEvent: Comparable {
    /// Events are ordered by time, then by unit.
    public static func < (left: SpikeEvent, right: SpikeEvent) -> Bool {
        left.sortKey < right.sortKey
    }

    private var sortKey: UInt32 { UInt32(tick) << 16 | UInt32(unit) }
}
