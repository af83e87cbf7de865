package import DeviceTransport

/// How many links a target has at a time, and what they have in common.
package enum LinkSharing: Sendable, Hashable {
    /// Several at a time, to one device.
    case many
    /// One after the other, to one device: a cable.
    case one
    /// Each to a device of its own: a program that is started for it.
    case fresh
}

/// What the suite is pointed at: a way to open links to one device, and its time.
package protocol DeviceTarget: AnyObject {
    /// The address, for reports.
    var name: String { get }
    /// Time since any fixed moment; a simulated device brings its own.
    var now: Duration { get }
    /// Lets time pass.
    func sleep(for duration: Duration)
    /// Opens a fresh link.
    ///
    /// - Throws: The transport's error.
    func open() throws(TransportError) -> any DeviceLink
    /// Starts the device anew, so that it has forgotten everything; `false` where there is no way to.
    func restart() -> Bool
    /// Asks the device to leave, as an operator would; `false` where there is no way to.
    func leave() -> Bool
    /// How many links there may be.
    var sharing: LinkSharing { get }
    /// Whether the carrier has lengths of frames besides those in headers, as messages and transfers have.
    var hasFrameLengths: Bool { get }
    /// Whether a frame without bytes arrives as one.
    var hasEmptyFrames: Bool { get }
    /// Whether the device, a program, ends within a time of the end of its input; `nil` where it is no program.
    func endsWithItsInput(within limit: Duration) -> Bool?
    /// Whether `restart` would do something.
    var canRestart: Bool { get }
    /// Whether `leave` would do something.
    var canLeave: Bool { get }
}

extension DeviceTarget {
    package var sharing: LinkSharing { .many }

    package var hasFrameLengths: Bool { true }

    package var hasEmptyFrames: Bool { true }

    package func endsWithItsInput(within limit: Duration) -> Bool? { nil }
}

/// A link to the device, whatever carries it.
package protocol DeviceLink: AnyObject {
    /// Sends a frame.
    func send(_ frame: [UInt8]) throws(TransportError)
    /// Waits for the next frame; `nil` when none came within the limit.
    func receive(within limit: Duration) throws(TransportError) -> [UInt8]?
    /// Ends the link.
    func close()
}

/// A link over a transport of the drivers.
package final class TransportLink<Base: Transport & ~Copyable>: DeviceLink {
    private var base: Base?

    /// Takes over a transport.
    package init(_ base: consuming Base) { self.base = consume base }

    package func send(_ frame: [UInt8]) throws(TransportError) {
        guard base != nil else { throw Self.closed }
        try base?.send(frame)
    }

    package func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        guard base != nil else { throw Self.closed }
        return try base?.receive(within: limit)
    }

    package func close() { base.take()?.close() }

    private static var closed: TransportError { TransportError(.peerGone, "the link is closed") }
}
