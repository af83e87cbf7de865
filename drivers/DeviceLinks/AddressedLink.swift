public import DeviceTransport
import StreamDriver
import USBDriver
import ZeroMQDriver

/// A link to whatever an address names: the one place that knows all the drivers.
///
/// Exactly one of the links is there until the end.
public struct AddressedLink: Transport, ~Copyable {
    private var local: LocalTransport?
    private var zeroMQ: ZeroMQTransport?
    private var process: ProcessTransport?
    private var usb: USBTransport?

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public let wake: @Sendable () -> Void

    /// How long the first contact may take unless the caller says otherwise.
    public static let defaultPatience: Duration = .seconds(5)

    /// Opens a link to a device.
    ///
    /// - Parameters:
    ///   - uri: Where the device is.
    ///   - patience: How long to try; a device that comes meanwhile is found.
    /// - Throws: `cannotConnect`, with what was found there, when the patience ends.
    public init(connecting uri: DeviceURI, patience: Duration = defaultPatience) throws(TransportError) {
        switch uri.link {
        case .ipc:
            let link = try LocalTransport(connecting: uri, patience: patience)
            wake = link.wake
            local = consume link
        case .tcp:
            let link = try ZeroMQTransport(connecting: uri, patience: patience)
            wake = link.wake
            zeroMQ = consume link
        case .exec(let command):
            let link = try ProcessTransport(running: command)
            wake = link.wake
            process = consume link
        case .usb(let selection):
            let link = try USBTransport(connecting: selection, patience: patience)
            wake = link.wake
            usb = consume link
        }
    }

    /// Sends a frame.
    ///
    /// - Throws: `peerGone` when the device has left or takes nothing.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        try local?.send(frame)
        try zeroMQ?.send(frame)
        try process?.send(frame)
        try usb?.send(frame)
    }

    /// Sends frames, together where the link can.
    ///
    /// - Throws: as above.
    public mutating func send(_ frames: [[UInt8]]) throws(TransportError) {
        if local != nil { return try local?.send(frames) ?? () }
        for frame in frames { try send(frame) }
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` when the device has gone and all that it sent has been received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        if local != nil { return try local?.receive(within: limit) }
        if zeroMQ != nil { return try zeroMQ?.receive(within: limit) }
        if usb != nil { return try usb?.receive(within: limit) }
        return try process?.receive(within: limit)
    }

    /// Ends the link. Frames not yet sent are dropped.
    public consuming func close() {}
}
