import CZeroMQ
public import DeviceTransport
import Glibc
import Synchronization

/// The asking end of a ZeroMQ link: a DEALER socket to one daemon or board.
///
/// A broken connection is never mended behind the caller's back: once the peer has gone, every call throws `peerGone`
/// and the caller opens a new transport.
public struct ZeroMQTransport: Transport, ~Copyable {
    /// How long the first contact may take unless the caller says otherwise.
    public static let defaultPatience: Duration = .seconds(5)
    /// How long a peer may take nothing while the queue to it is full: as long as it may be silent.
    public static let fullQueuePatience: Duration = .seconds(3)

    private let socket: ZeroMQSocket
    private let observer: ZeroMQSocket
    private let wakeUp: WakeUp
    private let uri: DeviceURI
    private var reports: ConnectionReports
    private var takesNoMore = false

    /// Connects, and returns when the peer has answered ZeroMQ's own handshake.
    ///
    /// - Parameters:
    ///   - uri: Where the peer listens.
    ///   - patience: How long to try; a peer that starts meanwhile is found.
    ///   - frameLimit: Longest frame, in bytes, that is accepted or sent.
    ///   - keyFile: Our own keys where the address names the server's; nil for `CurveKeyPair.ownFile`.
    /// - Throws: `cannotConnect`, with what was found at the address, when the patience ends; `badKey`.
    public init(
        connecting uri: DeviceURI, patience: Duration = defaultPatience,
        frameLimit: Int = ZeroMQLimits.frameBytes, keyFile: String? = nil, context: ZeroMQContext = .shared
    ) throws(TransportError) {
        guard let endpoint = uri.zeroMQEndpoint else {
            throw TransportError(.badAddress, "\(uri) is not an address of ZeroMQ")
        }
        let wakeUp = try WakeUp()
        let socket = try ZeroMQSocket(.dealer, in: context)
        socket.set(ZMQ_SNDHWM, ZeroMQLimits.queuedFrames)
        socket.set(ZMQ_RCVHWM, ZeroMQLimits.queuedFrames)
        socket.set(ZMQ_SNDBUF, ZeroMQLimits.kernelBufferBytes)
        socket.set(ZMQ_RCVBUF, ZeroMQLimits.kernelBufferBytes)
        socket.set(ZMQ_HANDSHAKE_IVL, ZeroMQLimits.handshakeMilliseconds)
        socket.set(ZMQ_RECONNECT_IVL, 50)
        socket.set(ZMQ_RECONNECT_IVL_MAX, 1_000)
        socket.set(ZMQ_IPV6, 1)
        var overhead = 0
        if case .tcp(_, _, let key?) = uri.link {
            let own = try CurveKeyPair(file: keyFile ?? CurveKeyPair.ownFile)
            socket.set(ZMQ_CURVE_SERVERKEY, key.bytes)
            socket.set(ZMQ_CURVE_PUBLICKEY, own.publicKey.bytes)
            socket.set(ZMQ_CURVE_SECRETKEY, Array(own.secret.utf8))
            overhead = ZeroMQLimits.curveBytes
        }
        socket.setMaximumMessageSize(frameLimit + overhead)
        let number = Self.observerNumber.add(1, ordering: .relaxed).newValue
        let observer = try socket.observe(
            ConnectionReports.events, named: "volley-\(number)")
        do throws(TransportError) {
            try socket.connect(endpoint)
            reports = try Self.awaitPeer(of: socket, observer: observer, at: uri, within: patience)
        } catch {
            // First of all: libzmq's thread waits for ever with a report for an observer that is closed, and all its
            // sockets with it.
            socket.stopObserving()
            throw error
        }
        self.socket = socket
        self.observer = observer
        self.wakeUp = wakeUp
        self.uri = uri
    }

    deinit { socket.stopObserving() }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Sends a frame; waits while the queue to the peer is full, `fullQueuePatience` at most.
    ///
    /// - Throws: `peerGone` when the peer has left or takes nothing; `frameTooLong` never: sessions keep the limit.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) {
        // Else libzmq would keep the frame for another connection.
        try reports.read(from: observer)
        try failIfPeerGone()
        if try socket.send(frame) { return }
        let deadline = ContinuousClock.now + Self.fullQueuePatience
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { break }
            let ready = try socket.wait(for: .writable, within: left, observer: observer)
            if ready.contains(.observed) { try reports.read(from: observer) }
            try failIfPeerGone()
            if ready.contains(.writable), try socket.send(frame) { return }
        }
        takesNoMore = true
        throw gone()
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` as soon as the connection ends, after all that had arrived was received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let frame = try takeFrame() { return frame }
            try failIfPeerGone()
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            let ready = try socket.wait(for: .readable, within: left, observer: observer, or: wakeUp)
            if ready.contains(.observed) { try reports.read(from: observer) }
            if ready.contains(.woken) { return try takeFrame() }
        }
    }

    /// Ends the link. Frames not yet sent are dropped.
    public consuming func close() {}

    /// The next frame of a single part; messages of several parts are no frames and are dropped.
    private func takeFrame() throws(TransportError) -> [UInt8]? {
        while let part = try socket.receive() {
            guard part.more else { return part.bytes }
            while let rest = try socket.receive(), rest.more {}
        }
        return nil
    }

    private func failIfPeerGone() throws(TransportError) {
        if takesNoMore || reports.hasEnded { throw gone() }
    }

    private func gone() -> TransportError {
        guard takesNoMore, !reports.hasEnded else {
            return TransportError(.peerGone, "the connection to \(uri) has ended")
        }
        return TransportError(
            .peerGone,
            "\(uri) is connected, but has taken nothing for \(Self.fullQueuePatience), with "
                + "\(ZeroMQLimits.queuedFrames) frames waiting; the device hangs, or is too slow")
    }

    /// Waits until the handshake is done.
    ///
    /// That a frame could be sent would tell as much with ZMQ_IMMEDIATE set, but then libzmq drops what has arrived and is
    /// not taken yet together with the connection: a device's last words.
    private static func awaitPeer(
        of socket: borrowing ZeroMQSocket, observer: borrowing ZeroMQSocket, at uri: DeviceURI,
        within patience: Duration
    ) throws(TransportError) -> ConnectionReports {
        let deadline = ContinuousClock.now + patience
        var reports = ConnectionReports()
        while true {
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            _ = try socket.wait(for: .readable, within: left, observer: observer)
            try reports.read(from: observer)
            if reports.hasBegun { return reports }
            guard left > .zero else {
                throw TransportError(
                    .cannotConnect, "cannot reach \(uri) within \(patience): \(reports.trouble)")
            }
        }
    }

    /// Names observers apart: they live in the context's own name space.
    private static let observerNumber = Atomic<UInt64>(0)
}
