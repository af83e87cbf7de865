/// Where every event of a batch went, exactly.
public struct EventAccounting: Sendable, Hashable, Codable {
    /// Input events that the host sent.
    public var offered: UInt64 = 0
    /// Input events that reached the synapses.
    public var accepted: UInt64 = 0
    /// Input events lost on the link into the chip.
    public var droppedByInputLink: UInt64 = 0
    /// Input events lost in a full synapse driver buffer.
    public var droppedByDriver: UInt64 = 0
    /// Spikes that neurons fired inside the window.
    public var produced: UInt64 = 0
    /// Spikes that reached the host.
    public var delivered: UInt64 = 0
    /// Spikes lost in output arbitration.
    public var droppedByArbitration: UInt64 = 0
    /// Spikes lost on the link out of the chip.
    public var droppedByOutputLink: UInt64 = 0

    /// All zero.
    public init() {}

    /// Whether both sums close: offered = accepted + dropped, produced = delivered + dropped. Sums beyond 64 bits do not:
    /// the counts come from devices.
    public var balances: Bool {
        offered == Self.sum(accepted, droppedByInputLink, droppedByDriver)
            && produced == Self.sum(delivered, droppedByArbitration, droppedByOutputLink)
    }

    private static func sum(_ counts: UInt64...) -> UInt64? {
        var total: UInt64 = 0
        for count in counts {
            let (sum, overflow) = total.addingReportingOverflow(count)
            if overflow { return nil }
            total = sum
        }
        return total
    }

    /// Events lost, whatever the cause.
    public var dropped: UInt64 {
        Self.sum(droppedByInputLink, droppedByDriver, droppedByArbitration, droppedByOutputLink) ?? .max
    }

    /// Adds the counts of another batch; what is beyond 64 bits stays at the most.
    public static func += (left: inout EventAccounting, right: EventAccounting) {
        func add(_ count: WritableKeyPath<EventAccounting, UInt64>) {
            left[keyPath: count] = sum(left[keyPath: count], right[keyPath: count]) ?? .max
        }
        add(\.offered)
        add(\.accepted)
        add(\.droppedByInputLink)
        add(\.droppedByDriver)
        add(\.produced)
        add(\.delivered)
        add(\.droppedByArbitration)
        add(\.droppedByOutputLink)
    }
}
