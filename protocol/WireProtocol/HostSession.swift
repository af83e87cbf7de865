public import Substrate

/// The host's side of VP/1 as a value: frames, time and wishes in, actions out.
public struct HostSession: Sendable {
    let configuration: HostSessionConfiguration

    /// A session that has not started.
    public init(configuration: HostSessionConfiguration) {
        self.configuration = configuration
    }

    /// Whether the session is open, so that batches flow.
    public var isReady: Bool { false }

    /// When `timeout` must be called next, on the clock of `now`; `nil` when nothing is awaited.
    public var nextTimeout: Duration? { nil }

    /// Begins the handshake on the first link.
    public mutating func start(now: Duration) -> [HostAction] { [] }

    /// Queues a batch; it is sent as soon as the session is open, has the lease, and a slot is free.
    ///
    /// Traps if a batch of this number is still under way.
    public mutating func submit(_ batch: DeviceBatch, now: Duration) -> [HostAction] { [] }

    /// Takes a frame that arrived on the current link.
    public mutating func receive(_ frame: [UInt8], now: Duration) -> [HostAction] { [] }

    /// Says that time has passed; harmless when called early.
    public mutating func timeout(now: Duration) -> [HostAction] { [] }

    /// Gives up a batch; ends in `deliver` if its result was already there, else in `fail`.
    public mutating func cancel(batch: UInt64, now: Duration) -> [HostAction] { [] }

    /// Asks for the device's counters; answered by `.health`.
    public mutating func requestHealth(now: Duration) -> [HostAction] { [] }

    /// Ends the session and frees the chip; ends in `.closed`, within the handshake time limit.
    public mutating func close(now: Duration) -> [HostAction] { [] }

    /// The shell has opened a fresh link.
    public mutating func linkReset(now: Duration) -> [HostAction] { [] }
}
