public import DeviceTransport
import Glibc

/// The serving end of ZeroMQ links within a machine, without libzmq: frames come and go on the thread that serves, and who
/// has no session can make it keep less than 64 KiB.
public struct LocalListener: Listener, ~Copyable {
    /// How long after a frame `receive` stays awake: while a host works on results, and prepares the next batch.
    private static let wakefulness: Duration = .milliseconds(1)

    /// Where the listener listens.
    public let address: DeviceURI

    /// A client, or who is about to be one.
    private struct Peer {
        /// Never given twice.
        let name: LinkPeer
        let deadline: ContinuousClock.Instant
        var connection: ZMTPConnection
    }

    private let descriptor: Int32
    private let file: LocalSocket?
    private let wakeUp: WakeUp
    private let frameLimit: Int
    private let peerLimit: Int
    private var peers: [Peer] = []
    private var lastNumber: UInt64 = 0
    /// Who was heard last: the others come first, so that nobody who never pauses keeps them waiting.
    private var turn = 0
    /// No more are let in before, since the process has no descriptors left.
    private var closedUntil: ContinuousClock.Instant?
    private var lastFrame = ContinuousClock.now
    private var buffer = [UInt8](repeating: 0, count: ConnectionAllowance.largestRead)

    /// Listens on a local socket file (mode 0600), where one that a dead daemon left behind is replaced, or on a TCP port
    /// that this machine alone reaches (0 picks one).
    ///
    /// - Parameters:
    ///   - frameLimit: Longest frame, in bytes, of a peer that is trusted; others have less to say.
    ///   - peerLimit: Peers at a time; others wait to be let in.
    /// - Throws: `cannotBind`, when another daemon listens there, the path holds something else, or the host is not this
    ///   machine alone.
    public init(
        on uri: DeviceURI, frameLimit: Int = ZeroMQLimits.frameBytes, peerLimit: Int = ZeroMQLimits.localPeers
    ) throws(TransportError) {
        let wakeUp = try WakeUp()
        switch uri.link {
        case .ipc(let path):
            descriptor = try LocalSocket.listening(at: path)
            file = LocalSocket(at: path)
            address = uri
        case .tcp(let host, let port, nil):
            let bound = try LoopbackSocket.listening(on: host, port: port)
            descriptor = bound.descriptor
            file = nil
            address = DeviceURI(link: .tcp(host: host, port: bound.port))
        case .tcp, .usb, .exec:
            throw TransportError(
                .badAddress, "nobody can listen on \(uri). Use ipc:///PATH or tcp://127.0.0.1:PORT.")
        }
        self.wakeUp = wakeUp
        self.frameLimit = frameLimit
        self.peerLimit = peerLimit
    }

    deinit {
        for peer in peers { peer.connection.close() }
        Glibc.close(descriptor)
        file?.remove()
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used. Writes what waits.
    public mutating func receive(within limit: Duration) throws(TransportError) -> IncomingFrame? {
        let deadline = ContinuousClock.now + limit
        let awakeUntil = lastFrame + Self.wakefulness
        while true {
            if let frame = takeFrame() { return frame }
            dismiss()
            let isFull = peers.count >= peerLimit || closedUntil != nil
            var items =
                [
                    pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isFull ? -1 : descriptor, events: Int16(POLLIN), revents: 0),
                ] + peers.map(\.connection.pollItem)
            // Only who is not ready yet, or a lack of descriptors, wants a look before the limit.
            let next = (peers.lazy.filter { !$0.connection.isReady }.map(\.deadline) + [closedUntil ?? deadline]).min()
            guard try LocalSocket.poll(&items, until: min(deadline, next ?? deadline), awakeUntil: awakeUntil) else {
                if ContinuousClock.now >= deadline { return nil }
                continue
            }
            for (index, item) in items.dropFirst(2).enumerated() where item.revents != 0 {
                peers[index].connection.serve(item, by: &buffer)
            }
            if items[1].revents != 0 { admit() }
            if items[0].revents != 0 {
                wakeUp.clear()
                return takeFrame()
            }
        }
    }

    /// Sends a frame to a peer that has been heard, or keeps it until the peer takes it.
    ///
    /// - Throws: `peerGone` when the peer has left or lets too much wait.
    public mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError) {
        try send([frame], to: peer)
    }

    /// Sends frames in one go, as above.
    public mutating func send(_ frames: [[UInt8]], to peer: LinkPeer) throws(TransportError) {
        guard let index = peers.firstIndex(where: { $0.name == peer }),
            !peers[index].connection.hasEnded
        else { throw TransportError(.peerGone, "the peer has left") }
        for frame in frames {
            let waiting = peers[index].connection.waitingBytes
            guard waiting + frame.count <= peers[index].connection.allowance.waiting else {
                throw TransportError(.peerGone, "the peer takes no more frames (\(waiting) bytes are waiting)")
            }
            peers[index].connection.put(frame)
        }
        peers[index].connection.flush()
        lastFrame = .now
    }

    /// Takes frames up to the listener's limit from a peer from here on, and keeps more for it.
    public mutating func trust(_ peer: LinkPeer) {
        guard let index = peers.firstIndex(where: { $0.name == peer }) else { return }
        peers[index].connection.allowance = .trusted(frame: frameLimit)
    }

    /// Ends the link to every peer and removes the socket's file. Frames not yet sent are dropped.
    public consuming func close() {}

    private mutating func takeFrame() -> IncomingFrame? {
        for offset in 1...max(1, peers.count) where !peers.isEmpty {
            let index = (turn + offset) % peers.count
            if let frame = peers[index].connection.next() {
                turn = index
                lastFrame = .now
                return IncomingFrame(peer: peers[index].name, bytes: frame)
            }
        }
        return nil
    }

    /// Lets who has left go, and who does not end its handshake in time.
    private mutating func dismiss() {
        let now = ContinuousClock.now
        if let until = closedUntil, until <= now { closedUntil = nil }
        peers.removeAll { peer in
            guard peer.connection.hasEnded || (!peer.connection.isReady && peer.deadline <= now) else { return false }
            peer.connection.close()
            return true
        }
    }

    private mutating func admit() {
        let accepted = accept(descriptor, nil, nil)
        guard accepted >= 0 else {
            if [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) { closedUntil = .now + .milliseconds(100) }
            return
        }
        lastNumber += 1
        peers.append(
            Peer(
                name: LinkPeer(bytes: (0..<8).map { UInt8(truncatingIfNeeded: lastNumber >> (8 * $0)) }),
                deadline: .now + .milliseconds(Int(ZeroMQLimits.handshakeMilliseconds)),
                connection: ZMTPConnection(accepted, as: .router, allowing: .stranger(frame: frameLimit))))
    }
}
