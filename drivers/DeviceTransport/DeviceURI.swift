/// Where a device is: `zmq+tcp://HOST:PORT` or `zmq+ipc:///PATH`.
///
/// The forms without `zmq+` mean the same, so that what a daemon prints can be pasted.
public struct DeviceURI: Sendable, Hashable, CustomStringConvertible {
    /// The ways to a device.
    public enum Link: Sendable, Hashable {
        /// ZeroMQ over TCP.
        case tcp(host: String, port: UInt16)
        /// ZeroMQ over a local socket file.
        case ipc(path: String)
    }

    /// The way to the device.
    public var link: Link

    /// A device behind a link.
    public init(link: Link) {
        self.link = link
    }

    /// Parses an address.
    ///
    /// - Throws: `badAddress`, with the text, what is wrong with it, and the accepted forms.
    public init(_ text: String) throws(TransportError) {
        var rest = Substring(text)
        if rest.hasPrefix("zmq+") { rest = rest.dropFirst(4) }
        if rest.hasPrefix("tcp://") {
            rest = rest.dropFirst(6)
            guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex else {
                throw Self.malformed(text, "the port is missing")
            }
            guard let port = UInt16(rest[rest.index(after: colon)...]) else {
                throw Self.malformed(
                    text, "\"\(rest[rest.index(after: colon)...])\" is not a port (0-65535)")
            }
            link = .tcp(host: String(rest[..<colon]), port: port)
        } else if rest.hasPrefix("ipc://") {
            rest = rest.dropFirst(6)
            guard !rest.isEmpty else { throw Self.malformed(text, "the path is missing") }
            guard rest.utf8.count <= Self.longestPath else {
                throw Self.malformed(
                    text,
                    "the path has \(rest.utf8.count) bytes, a local socket takes at most \(Self.longestPath)"
                )
            }
            link = .ipc(path: String(rest))
        } else {
            throw Self.malformed(text, "the scheme is unknown")
        }
    }

    /// The endpoint in ZeroMQ's own form.
    public var zeroMQEndpoint: String {
        switch link {
        case .tcp(let host, let port): "tcp://\(host):\(port)"
        case .ipc(let path): "ipc://\(path)"
        }
    }

    /// The full form, `zmq+` included.
    public var description: String { "zmq+\(zeroMQEndpoint)" }

    /// Bytes of `sun_path` less its terminator.
    private static let longestPath = 107

    private static func malformed(_ text: String, _ reason: String) -> TransportError {
        TransportError(
            .badAddress,
            "\"\(text)\" is not a device address: \(reason). Use zmq+tcp://HOST:PORT or zmq+ipc:///PATH.")
    }
}
