public import DeviceTransport
import Glibc

/// The asking end of a ZeroMQ link over a local socket, without libzmq: a frame goes from this thread to the peer's with
/// nobody between.
///
/// A broken connection is never mended behind the caller's back: once the peer has gone, every call throws `peerGone`
/// and the caller opens a new transport.
public struct LocalTransport: Transport, ~Copyable {
    /// How long the first contact may take unless the caller says otherwise.
    public static let defaultPatience: Duration = .seconds(5)
    /// How long a peer may take nothing: as long as it may be silent.
    public static let fullQueuePatience: Duration = .seconds(3)
    /// How long after a frame `receive` stays awake: not for all of a batch, when the chip wants the processors.
    static let wakefulness: Duration = .microseconds(300)

    private var connection: ZMTPConnection
    private let uri: DeviceURI
    private let wakeUp: WakeUp
    private var awakeUntil = ContinuousClock.now
    private var buffer = [UInt8](repeating: 0, count: ConnectionAllowance.largestRead)

    /// Connects, and returns when the peer has answered ZeroMQ's own handshake.
    ///
    /// - Parameters:
    ///   - uri: Where the peer listens.
    ///   - patience: How long to try; a peer that starts meanwhile is found.
    ///   - frameLimit: Longest frame, in bytes, that is accepted.
    /// - Throws: `cannotConnect`, with what was found at the address, when the patience ends.
    public init(
        connecting uri: DeviceURI, patience: Duration = defaultPatience, frameLimit: Int = ZeroMQLimits.frameBytes
    ) throws(TransportError) {
        guard case .ipc(let path) = uri.link else {
            throw TransportError(.badAddress, "\(uri) is not a local socket of ZeroMQ")
        }
        let wakeUp = try WakeUp()
        let deadline = ContinuousClock.now + patience
        var trouble = "nobody listens there"
        while true {
            if let descriptor = try LocalSocket.connected(to: path) {
                var connection = ZMTPConnection(
                    descriptor, as: .dealer, allowing: .trusted(frame: frameLimit))
                let limit = min(deadline, .now + .milliseconds(Int(ZeroMQLimits.handshakeMilliseconds)))
                while !connection.isReady, !connection.hasEnded, ContinuousClock.now < limit {
                    try Self.wait(for: &connection, until: limit, &buffer)
                    // Nobody sends frames before it has heard one.
                    _ = connection.next()
                }
                if connection.isReady {
                    self.connection = connection
                    self.uri = uri
                    self.wakeUp = wakeUp
                    return
                }
                connection.close()
                trouble =
                    "something answers there, but it does not speak ZeroMQ, or expects encryption where we use none"
            }
            guard ContinuousClock.now < deadline else { break }
            usleep(20_000)
        }
        throw TransportError(.cannotConnect, "cannot reach \(uri) within \(patience): \(trouble)")
    }

    deinit { connection.close() }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { wakeUp.signal }

    /// Sends a frame.
    ///
    /// - Throws: `peerGone` when the peer has left or takes nothing.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) { try send([frame]) }

    /// Sends frames in one go; takes meanwhile what comes, so that two ends that both send never wait for each other.
    ///
    /// - Throws: `peerGone` when the peer has left or takes nothing.
    public mutating func send(_ frames: [[UInt8]]) throws(TransportError) {
        guard !connection.hasEnded else { throw gone() }
        for frame in frames { connection.put(frame) }
        connection.flush()
        awakeUntil = .now + Self.wakefulness
        while connection.waitingBytes > 0, !connection.hasEnded {
            let before = connection.waitingBytes
            let deadline = ContinuousClock.now + Self.fullQueuePatience
            while connection.waitingBytes == before, !connection.hasEnded {
                guard ContinuousClock.now < deadline else {
                    throw TransportError(
                        .peerGone,
                        "\(uri) is connected, but has taken nothing for \(Self.fullQueuePatience), with \(before) bytes "
                            + "waiting; the device hangs, or is too slow")
                }
                try Self.wait(for: &connection, until: deadline, &buffer)
            }
        }
        if connection.hasEnded { throw gone() }
    }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` as soon as the connection ends, after all that had arrived was received.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        var isLast = false
        while true {
            if let frame = connection.next() {
                awakeUntil = .now + Self.wakefulness
                return frame
            }
            if connection.hasEnded { throw gone() }
            if isLast { return nil }
            isLast = ContinuousClock.now >= deadline
            if try Self.wait(for: &connection, or: wakeUp, until: deadline, awakeUntil: awakeUntil, &buffer) {
                isLast = true
            }
        }
    }

    /// Ends the link.
    public consuming func close() {}

    private func gone() -> TransportError {
        TransportError(.peerGone, "the connection to \(uri) has ended")
    }

    /// Waits until something can be read, or written where that is wanted, and does it; whether the waker was used.
    @discardableResult private static func wait(
        for connection: inout ZMTPConnection, or wakeUp: WakeUp? = nil, until deadline: ContinuousClock.Instant,
        awakeUntil: ContinuousClock.Instant = .now, _ buffer: inout [UInt8]
    ) throws(TransportError) -> Bool {
        var items = [connection.pollItem, pollfd(fd: wakeUp?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)]
        guard try LocalSocket.poll(&items, until: deadline, awakeUntil: awakeUntil) else { return false }
        connection.serve(items[0], by: &buffer)
        guard items[1].revents != 0 else { return false }
        wakeUp?.clear()
        return true
    }
}
