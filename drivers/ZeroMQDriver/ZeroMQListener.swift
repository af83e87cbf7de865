import CZeroMQ
public import DeviceTransport
import Glibc

/// The serving end of a ZeroMQ link: a ROUTER socket for many peers.
public struct ZeroMQListener: Listener, ~Copyable {
    /// Where the listener listens, with the port that it really got.
    public let address: DeviceURI

    private let socket: ZeroMQSocket
    private let wakeUp: WakeUp
    /// Who is asked about clients' keys, where there are any.
    private let desk: AdmissionDesk?
    /// The file made, which is removed at the end; libzmq leaves it.
    private let file: LocalSocket?

    /// Listens on a local socket file (mode 0600) or on a TCP port (0 picks one): of this machine alone, unless clients
    /// have to show a key.
    ///
    /// A socket file that a dead daemon left behind is replaced.
    ///
    /// - Parameters:
    ///   - frameLimit: Longest frame, in bytes; `ZeroMQLimits.frameBytes` where not given, `encryptedFrameBytes` with keys.
    ///   - curve: Encrypts a TCP port and lets in the clients of its list only.
    /// - Throws: `cannotBind`, when another daemon listens there, the path holds something else, or the host is not
    ///   this machine alone and there are no keys.
    public init(
        on uri: DeviceURI, frameLimit: Int? = nil, curve: CurveServer? = nil
    ) throws(TransportError) {
        let frameLimit = frameLimit ?? (curve == nil ? ZeroMQLimits.frameBytes : ZeroMQLimits.encryptedFrameBytes)
        let requested = try Self.bindable(uri, isGuarded: curve != nil)
        let wakeUp = try WakeUp()
        // A context of its own: its end waits until libzmq has let the address go.
        let context = ZeroMQContext()
        let desk = try curve.map { curve throws(TransportError) in
            try AdmissionDesk(admitting: Set(curve.clients.keys), in: context)
        }
        let socket = try ZeroMQSocket(.router, in: context)
        if let curve {
            socket.set(ZMQ_CURVE_SERVER, 1)
            socket.set(ZMQ_CURVE_SECRETKEY, Array(curve.keys.secret.utf8))
            socket.set(ZMQ_ZAP_DOMAIN, Array("volley".utf8))
        }
        socket.set(ZMQ_ROUTER_MANDATORY, 1)
        let queued = max(ZeroMQLimits.queuedFrames, Int32(ZeroMQLimits.queuedBytes / frameLimit))
        socket.set(ZMQ_SNDHWM, queued)
        socket.set(ZMQ_RCVHWM, queued)
        socket.set(ZMQ_SNDBUF, ZeroMQLimits.kernelBufferBytes)
        socket.set(ZMQ_RCVBUF, ZeroMQLimits.kernelBufferBytes)
        socket.set(ZMQ_HANDSHAKE_IVL, ZeroMQLimits.handshakeMilliseconds)
        socket.set(ZMQ_IPV6, requested.hasPrefix("tcp://[") ? 1 : 0)
        socket.setMaximumMessageSize(frameLimit + (curve == nil ? 0 : ZeroMQLimits.curveBytes))
        // Only the owner may drive the chip: the file is made without rights for others.
        let mask = umask(0o077)
        defer { umask(mask) }
        try socket.bind(requested)
        var address = try DeviceURI(socket.lastEndpoint())
        if let curve, case .tcp(let host, let port, _) = address.link {
            address.link = .tcp(host: host, port: port, key: curve.keys.publicKey)
        }
        self.address = address
        self.desk = desk
        if case .ipc(let path) = uri.link { file = LocalSocket(at: path) } else { file = nil }
        self.socket = socket
        self.wakeUp = wakeUp
    }

    deinit { file?.remove() }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// Messages of another form than identity and frame are dropped.
    public mutating func receive(within limit: Duration) throws(TransportError) -> IncomingFrame? {
        if let frame = try takeFrame() { return frame }
        _ = try socket.wait(for: .readable, within: limit, or: wakeUp)
        return try takeFrame()
    }

    /// Sends a frame to a peer that has been heard.
    ///
    /// - Throws: `peerGone` when the peer has left or its queue is full.
    public mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError) {
        guard try socket.send(peer.bytes, more: true) else {
            throw TransportError(
                .peerGone,
                "the peer takes no more frames (\(ZeroMQLimits.queuedFrames) are waiting)")
        }
        guard try socket.send(frame) else {
            throw TransportError(.peerGone, "the peer left between two parts of a message")
        }
    }

    /// Ends the link to every peer and removes a local socket's file. Frames not yet sent are dropped.
    public consuming func close() {}

    private func takeFrame() throws(TransportError) -> IncomingFrame? {
        while let identity = try socket.receive() {
            guard identity.more, let part = try socket.receive() else { continue }
            if !part.more {
                return IncomingFrame(peer: LinkPeer(bytes: identity.bytes), bytes: part.bytes)
            }
            while let rest = try socket.receive(), rest.more {}
        }
        return nil
    }

    /// Checks an address, and returns it in the form that libzmq binds.
    private static func bindable(_ uri: DeviceURI, isGuarded: Bool) throws(TransportError) -> String {
        switch uri.link {
        case .tcp(let host, let port, _):
            if !isGuarded { try LoopbackSocket.check(host, port: port) }
            return "tcp://\(host == "localhost" ? "127.0.0.1" : host):\(port == 0 ? "*" : "\(port)")"
        case .ipc(let path):
            try LocalSocket.clearLeftover(path)
            return "ipc://\(path)"
        case .usb, .exec:
            throw TransportError(
                .badAddress, "nobody can listen on \(uri). Use ipc:///PATH or tcp://127.0.0.1:PORT.")
        }
    }
}
