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
        case .ipc: local = try LocalTransport(connecting: uri, patience: patience)
        case .tcp: zeroMQ = try ZeroMQTransport(connecting: uri, patience: patience)
        case .exec(let command): process = try ProcessTransport(running: command)
        case .usb(let selection): usb = try USBTransport(connecting: selection, patience: patience)
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

    /// Waits for the next frame; `nil` when none came within the limit.
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
