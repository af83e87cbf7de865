/// Where a device is: `zmq+tcp://HOST:PORT` (with `#KEY`, encrypted to the server of that key), `zmq+ipc:///PATH`, `usb:VENDOR:PRODUCT/SERIAL` or `exec:COMMAND`.
///
/// The ZeroMQ forms without `zmq+` mean the same, so that what a daemon prints can be pasted.
public struct DeviceURI: Sendable, Hashable, CustomStringConvertible {
    /// The ways to a device.
    public enum Link: Sendable, Hashable {
        /// ZeroMQ over TCP; encrypted where the server's key is given.
        case tcp(host: String, port: UInt16, key: CurveKey? = nil)
        /// ZeroMQ over a local socket file.
        case ipc(path: String)
        /// A board on USB.
        case usb(USBSelection)
        /// A program whose standard input and output are the link; the command is the shell's.
        case exec(command: String)
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
        do throws(Flaw) {
            link = try Self.link(text)
        } catch {
            throw TransportError(
                .badAddress, "\"\(text)\" is not a device address: \(error.reason). Use \(Self.forms).")
        }
    }

    /// The endpoint in ZeroMQ's own form; nil for other ways.
    public var zeroMQEndpoint: String? {
        switch link {
        case .tcp(let host, let port, _): "tcp://\(host):\(port)"
        case .ipc(let path): "ipc://\(path)"
        case .usb, .exec: nil
        }
    }

    /// The full form, `zmq+` included.
    public var description: String {
        switch link {
        case .tcp(let host, let port, let key):
            "zmq+tcp://\(host):\(port)" + (key.map { "#\($0)" } ?? "")
        case .ipc(let path): "zmq+ipc://\(path)"
        case .usb(let selection): "usb:\(selection)"
        case .exec(let command): "exec:\(command)"
        }
    }

    /// The forms of an address, for help and messages.
    public static let forms = "zmq+tcp://HOST:PORT, zmq+ipc:///PATH, usb:VENDOR:PRODUCT/SERIAL or exec:COMMAND"

    /// What is wrong with an address.
    struct Flaw: Error {
        var reason: String
    }

    private static func link(_ text: String) throws(Flaw) -> Link {
        if let rest = text.rest(after: "usb:") { return .usb(try USBSelection(rest)) }
        if let rest = text.rest(after: "exec:") {
            guard rest.contains(where: { !$0.isWhitespace }) else { throw Flaw(reason: "the command is missing") }
            return .exec(command: String(rest))
        }
        let address = text.rest(after: "zmq+") ?? text[...]
        if let rest = address.rest(after: "tcp://") { return try tcp(rest) }
        if let rest = address.rest(after: "ipc://") { return try ipc(rest) }
        throw Flaw(reason: "the scheme is unknown")
    }

    private static func tcp(_ text: Substring) throws(Flaw) -> Link {
        var (rest, key) = (text, CurveKey?.none)
        if let mark = text.firstIndex(of: "#") {
            let digits = text[text.index(after: mark)...]
            key = CurveKey(digits)
            guard key != nil else {
                throw Flaw(reason: "\"\(digits)\" after \"#\" is not a key of 64 hexadecimal digits")
            }
            rest = text[..<mark]
        }
        guard let colon = rest.lastIndex(of: ":"), colon > rest.startIndex else {
            throw Flaw(reason: "the port is missing")
        }
        let number = rest[rest.index(after: colon)...]
        guard let port = UInt16(number) else {
            throw Flaw(reason: "\"\(number)\" is not a port (0-65535)")
        }
        return .tcp(host: String(rest[..<colon]), port: port, key: key)
    }

    private static func ipc(_ rest: Substring) throws(Flaw) -> Link {
        guard !rest.isEmpty else { throw Flaw(reason: "the path is missing") }
        guard rest.utf8.count <= longestPath else {
            throw Flaw(
                reason: "the path has \(rest.utf8.count) bytes, a local socket takes at most \(longestPath)")
        }
        return .ipc(path: String(rest))
    }

    /// Bytes of `sun_path` less its terminator.
    private static let longestPath = 107
}

extension StringProtocol where SubSequence == Substring {
    /// What follows a prefix; nil if the text does not begin with it.
    fileprivate func rest(after prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
