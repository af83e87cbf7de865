/// What a host session needs to know beside its batches.
public struct HostSessionConfiguration: Sendable {
    /// The run that batch numbers belong to.
    public var runID: RunID
    /// What others are told when they ask who has the chip, such as "yinyang on bench-3, process 4711".
    public var label: String
    /// Sixteen bytes' worth of randomness of this process; nonces derive from it.
    public var entropy: (UInt64, UInt64)
    /// Name and version of the software.
    public var software: (name: String, version: String) = ("volley", "0")
    /// How long the lease outlives silence.
    public var leaseTTL: Duration = .seconds(10)
    /// How long to go on asking while another client holds the lease; zero fails at once.
    public var leasePatience: Duration = .zero
    /// What this side accepts.
    public var limits = WireLimits()
    /// How long to wait for an answer while a link is set up.
    public var handshakeTimeout: Duration = .seconds(2)
    /// A ping is sent after this much quiet.
    public var heartbeat: Duration = .seconds(1)
    /// The link is dead after this much silence.
    public var silenceLimit: Duration = .seconds(3)
    /// A batch at the head of the queue fails when it has seen no progress for this long.
    public var batchDeadline: Duration = .seconds(120)
    /// Executions of a batch before it fails.
    public var maximumAttempts = 5
    /// Bytes of results that the device may send ahead.
    public var resultCredit = 8 << 20
    /// Bytes that a chunk of results should have, roughly.
    public var chunkBytes = 256 << 10

    /// A configuration with the defaults of the specification.
    public init(runID: RunID, label: String, entropy: (UInt64, UInt64)) {
        self.runID = runID
        self.label = label
        self.entropy = entropy
    }
}
