public import Substrate

/// What a device endpoint wants done.
public enum DeviceAction: Sendable {
    /// Send this frame on a link.
    case transmit([UInt8], to: PeerID)
    /// Run this batch on the chip, call `advance` for each slice of so many entries, then `complete`. No more are out at
    /// a time than the configuration's `batchesOut`; they run one after the other, in order.
    case execute(JobKey, DeviceBatch, slicesOf: Int)
    /// The result of this job is no longer wanted; `complete` must still be called, early if possible.
    case cancel(JobKey)
    /// Something for the log.
    case log(DeviceEvent)
}

/// What happens at a device, for its log.
public enum DeviceEvent: Sendable, Hashable {
    /// A client opened a session, or resumed one.
    case sessionOpened(label: String, resumed: Bool)
    /// A client closed its session, or it lay silent too long.
    case sessionEnded(label: String, expired: Bool)
    /// A client has not been heard of for the silence limit; its session waits for it.
    case sessionDetached(label: String)
    /// A client has got the lease.
    case leaseGranted(label: String, token: UInt32)
    /// The lease is free again.
    case leaseFreed(label: String, expired: Bool)
    /// A request came from a client whose lease had passed to another.
    case fenced(label: String)
    /// A link was ended because of what came over it.
    case linkError(WireStatus, detail: String)
    /// A client asked again for a result that was kept.
    case duplicateAnswered(label: String, batch: UInt64)
    /// A batch was accepted.
    case jobAccepted(label: String, batch: UInt64, entries: Int, events: Int)
    /// A batch was cancelled before its result was ready.
    case jobCancelled(label: String, batch: UInt64)
}
