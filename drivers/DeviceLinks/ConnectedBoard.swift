public import DeviceTransport
import USBDriver

/// A board that is plugged in, as discovery shows it.
public struct ConnectedBoard: Sendable {
    /// What to write after `--device` for it.
    public var uri: DeviceURI
    /// Why it cannot be used, and what to do; nil if it can.
    public var problem: String?

    /// All boards on USB, in the order of their places.
    ///
    /// - Throws: `system`, when the process cannot use USB at all.
    public static func all() throws(TransportError) -> [ConnectedBoard] {
        try USBBoards.list().map { ConnectedBoard(uri: $0.uri, problem: $0.problem) }
    }
}
