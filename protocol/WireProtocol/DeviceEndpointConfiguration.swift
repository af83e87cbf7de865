public import Substrate

/// What a device endpoint needs to know beside its links.
public struct DeviceEndpointConfiguration: Sendable {
    /// Who the device is.
    public var description: DeviceDescription
    /// Drawn at each start; a host that sees another one knows that the device has forgotten everything.
    public var boot: UInt64
    /// Thirty-two bytes of randomness; session ids and resume tokens derive from it.
    public var secret: [UInt8]
    /// The first fencing token; above every token of earlier starts where those are known.
    public var firstFencingToken: UInt32 = 1
    /// Why the device cannot take a configuration, beyond its geometry; nil if it can.
    public var flaw: @Sendable (ChipConfiguration) -> String? = { _ in nil }
    /// What this side accepts.
    public var limits = WireLimits()
    /// Most batches that the shell has at a time: one runs, others wait there, so that the chip need not wait for the
    /// endpoint.
    public var batchesOut = 1
    /// Most sessions, open or detached.
    public var maximumSessions = 8
    /// Most links that have not opened a session.
    public var maximumHalfOpen = 16
    /// A link without a session is forgotten after this long.
    public var halfOpenTimeout: Duration = .seconds(10)
    /// A session is detached after this much silence.
    public var silenceLimit: Duration = .seconds(3)
    /// A detached session is forgotten after this long.
    public var resumeTime: Duration = .seconds(60)
    /// The longest lease that is granted without renewal.
    public var maximumLeaseTTL: Duration = .seconds(60)

    /// A configuration with the defaults of the specification.
    public init(description: DeviceDescription, boot: UInt64, secret: [UInt8]) {
        self.description = description
        self.boot = boot
        self.secret = secret
    }
}
