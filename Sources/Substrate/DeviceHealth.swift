/// Who holds a device's lease.
public struct LeaseHolder: Sendable, Hashable {
    /// The name that the holder gave.
    public var label: String
    /// How long it has held the lease.
    public var age: Duration
    /// How long the lease still lasts if it is not renewed.
    public var remaining: Duration

    /// A holder.
    public init(label: String, age: Duration, remaining: Duration) {
        self.label = label
        self.age = age
        self.remaining = remaining
    }
}

/// The counters of a device since it started (`protocol/SPEC.md`, REPORT).
public struct DeviceHealth: Sendable, Hashable {
    /// Time since the device started.
    public var uptime: Duration = .zero
    /// Open and detached sessions.
    public var sessions = 0
    /// Batches that wait for the chip or run on it.
    public var jobsQueued = 0
    /// Results that wait for an acknowledgement.
    public var resultsKept = 0
    /// Batches that ran.
    public var jobsExecuted: UInt64 = 0
    /// Batches that were cancelled.
    public var jobsCancelled: UInt64 = 0
    /// Batches that failed.
    public var jobsFailed: UInt64 = 0
    /// Requests that were answered from a kept result.
    public var duplicatesAnswered: UInt64 = 0
    /// Batch entries that ran.
    public var entriesExecuted: UInt64 = 0
    /// Frames that arrived.
    public var framesReceived: UInt64 = 0
    /// Frames that were sent.
    public var framesSent: UInt64 = 0
    /// Frames with a wrong checksum.
    public var checksumErrors: UInt64 = 0
    /// Links that were ended for an error.
    public var linkErrors: UInt64 = 0
    /// Requests that were refused for an old lease.
    public var requestsFenced: UInt64 = 0
    /// Where the events of all batches went.
    public var accounting = EventAccounting()
    /// What all batches cost.
    public var execution = ExecutionReport()
    /// Temperature of the chip in the last batch that ran, in degrees Celsius; `nil` where none has, or it is not
    /// measured.
    public var temperature: Double?
    /// Who has the lease, if anyone.
    public var holder: LeaseHolder?

    /// All zero.
    public init() {}
}
