/// What a link to a device has cost the host so far, in parts that do not overlap.
public struct LinkStatistics: Sendable, Hashable {
    /// Batches that were delivered.
    public var batches = 0
    /// Bytes of the frames sent for them.
    public var bytesOut = 0
    /// Bytes of the frames received for them.
    public var bytesIn = 0
    /// Seconds that the client waited for frames while a batch was under way: the device's work and the link's.
    public var waitingSeconds = 0.0
    /// Seconds spent in turning batches into frames and handing them to the link.
    public var encodingSeconds = 0.0
    /// Seconds spent in turning frames into recordings.
    public var decodingSeconds = 0.0
    /// Seconds that callers took to receive slices of recordings on the link's thread.
    public var consumingSeconds = 0.0
    /// Links that were opened beyond the first.
    public var reconnections = 0
    /// Executions that were asked for again because the device had lost the batch.
    public var repetitions = 0
    /// Results that came from the device's store because an answer was lost.
    public var duplicates = 0

    /// All zero.
    public init() {}

    /// Seconds of work with what has arrived.
    var busySeconds: Double { decodingSeconds + consumingSeconds }
}
