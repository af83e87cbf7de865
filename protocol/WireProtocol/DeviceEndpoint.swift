public import Substrate

/// A device's side of VP/1 as a value, for all its clients: frames, time and finished jobs in, actions out.
public struct DeviceEndpoint: Sendable {
    let configuration: DeviceEndpointConfiguration

    /// An endpoint of a device that has just started.
    public init(configuration: DeviceEndpointConfiguration, now: Duration) {
        self.configuration = configuration
    }

    /// When `timeout` must be called next, on the clock of `now`; `nil` when nothing is awaited.
    public var nextTimeout: Duration? { nil }

    /// Whether a job is out, or waits.
    public var isBusy: Bool { false }

    /// The counters.
    public func health(now: Duration) -> DeviceHealth { DeviceHealth() }

    /// Takes a frame that arrived on a link.
    public mutating func receive(
        _ frame: [UInt8], from peer: PeerID, now: Duration
    ) -> [DeviceAction] { [] }

    /// The shell's job has ended; answers exactly one `.execute`.
    public mutating func complete(
        _ job: JobKey, result: Result<Recording, DeviceError>, now: Duration
    ) -> [DeviceAction] { [] }

    /// A frame for this link could not be sent: the link is forgotten, its session waits to be resumed.
    public mutating func linkLost(_ peer: PeerID, now: Duration) -> [DeviceAction] { [] }

    /// Says that time has passed; harmless when called early.
    public mutating func timeout(now: Duration) -> [DeviceAction] { [] }

    /// Tells all clients that the device is about to leave and takes no further batches; a running job may finish.
    public mutating func goAway(reason: String, now: Duration) -> [DeviceAction] { [] }
}
