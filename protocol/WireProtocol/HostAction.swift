public import Substrate

/// What a host session wants done.
public enum HostAction: Sendable {
    /// Send this frame on the current link.
    case transmit([UInt8])
    /// The device has said who it is.
    case describe(DeviceDescription)
    /// The session is open (again); batches flow.
    case ready
    /// Entries of a batch have arrived. Slices come in order; one that begins with entry 0 voids those before it, and none
    /// counts before `deliver`.
    case slice(RecordingSlice, batch: UInt64)
    /// A batch is finished and its slices are verified; handed out exactly once.
    case deliver(RecordingTotals, LinkReport)
    /// A batch has failed for good, or with no batch the session has: it is of no further use.
    case fail(DeviceError, batch: UInt64?)
    /// Drop the link, open a fresh one after the given time, then call `linkReset`.
    ///
    /// The error says why; how often and for how long to try is the shell's policy.
    case reconnect(after: Duration, DeviceError)
    /// The answer to `requestHealth`.
    case health(DeviceHealth)
    /// The device has said that it is about to leave, in its own words.
    case goAway(String)
    /// The session was closed by both sides; drop the link.
    case closed
}

/// What a batch cost on the link.
public struct LinkReport: Sendable, Hashable {
    /// Bytes of all frames sent for the batch.
    public var bytesOut = 0
    /// Bytes of all frames received for it.
    public var bytesIn = 0
    /// Times the batch was sent for execution; above 1 the device had lost it.
    public var attempts = 1
    /// Whether the device answered from a result that it had kept.
    public var duplicate = false
    /// Whether all weights had to be sent, rather than changes or nothing.
    public var fullWeights = false
    /// From `submit` to the first frame sent.
    public var waitToSend: Duration = .zero
    /// From the first frame sent to the last one received.
    public var roundTrip: Duration = .zero

    /// All zero.
    public init() {}
}
