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

    /// Whether both sums close: offered = accepted + dropped, produced = delivered + dropped.
    public var balances: Bool {
        offered == accepted + droppedByInputLink + droppedByDriver
            && produced == delivered + droppedByArbitration + droppedByOutputLink
    }

    /// Events lost, whatever the cause.
    public var dropped: UInt64 {
        droppedByInputLink + droppedByDriver + droppedByArbitration + droppedByOutputLink
    }

    /// Adds the counts of another batch.
    public static func += (left: inout EventAccounting, right: EventAccounting) {
        left.offered += right.offered
        left.accepted += right.accepted
        left.droppedByInputLink += right.droppedByInputLink
        left.droppedByDriver += right.droppedByDriver
        left.produced += right.produced
        left.delivered += right.delivered
        left.droppedByArbitration += right.droppedByArbitration
        left.droppedByOutputLink += right.droppedByOutputLink
    }
}
