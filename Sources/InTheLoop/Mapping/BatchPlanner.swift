public import Substrate

/// Splits entries into device batches that the device's limits allow.
public struct BatchPlanner: Sendable {
    /// Most entries of a batch.
    public let entriesPerBatch: Int

    /// A planner for a chip. Device runs that fit the trace memory are the device's own matter (SPEC, EXECUTE).
    public init(geometry: ChipGeometry) {
        entriesPerBatch = geometry.maximumEntriesPerBatch
    }

    /// Consecutive ranges that cover `0..<count`, none longer than a batch may be.
    public func ranges(count: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: entriesPerBatch).map { $0..<min($0 + entriesPerBatch, count) }
    }
}
