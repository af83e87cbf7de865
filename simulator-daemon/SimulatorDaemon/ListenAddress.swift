import DeviceTransport

/// Where a daemon listens: an address of ZeroMQ, a port for USB/IP, or its standard input and output.
enum ListenAddress {
    /// ZeroMQ.
    case zeroMQ(DeviceURI)
    /// USB/IP on a port of this machine; 0 picks one.
    case usbip(port: UInt16)
    /// The standard input and output are the link.
    case standardStreams

    /// The form of standard input and output.
    static let standardStreamsName = "stdio"

    /// Parses `ipc:///PATH`, `tcp://127.0.0.1:PORT`, `usbip://127.0.0.1:PORT` or `stdio`.
    ///
    /// - Throws: `badAddress`.
    init(_ text: String) throws(TransportError) {
        guard text.hasPrefix(Self.usbip) else {
            self = text == Self.standardStreamsName ? .standardStreams : .zeroMQ(try DeviceURI(text))
            return
        }
        let rest = text.dropFirst(Self.usbip.count)
        let host = rest.prefix { $0 != ":" }
        // Whoever reaches the port can drive the chip; so it is this machine's alone.
        guard ["127.0.0.1", "localhost"].contains(host), let port = UInt16(rest.dropFirst(host.count + 1)) else {
            throw TransportError(
                .badAddress, "\"\(text)\" is not a place for USB/IP (usual is usbip://127.0.0.1:3240).")
        }
        self = .usbip(port: port)
    }

    private static let usbip = "usbip://"
}
