import DeviceTransport
import Glibc
import WireProtocol

/// One end of a ZeroMQ connection within a machine: what libzmq does there, without its threads.
///
/// It never blocks: whoever owns it waits for its descriptor, and closes it at the end.
struct ZMTPConnection: Sendable {
    /// The socket.
    let descriptor: Int32
    /// Whether the handshake is done.
    private(set) var isReady = false
    /// Whether nothing more comes: the peer has left, or does not keep to the protocol.
    private(set) var hasEnded = false

    /// What the peer may make us keep; a frame that has begun is not looked at again.
    var allowance: ConnectionAllowance {
        didSet { cutter?.frameLimit = allowance.frame }
    }

    private var cutter: ZMTPCutter?
    private var outgoing: ZMTPOutbox
    /// Bytes that a frame has to lack to be read to where it stays.
    private static let longFrame = 4_096

    /// Takes a connected socket over, and opens the handshake.
    init(_ descriptor: Int32, as role: ZMTP.Role, allowing allowance: ConnectionAllowance) {
        self.descriptor = descriptor
        self.allowance = allowance
        cutter = ZMTPCutter(frameLimit: allowance.frame)
        outgoing = ZMTPOutbox(opening: ZMTP.opening(as: role))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var size = ZeroMQLimits.kernelBufferBytes
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        flush()
    }

    /// Bytes that wait for the peer to take some.
    var waitingBytes: Int { outgoing.count }

    /// What to poll for.
    var pollItem: pollfd {
        pollfd(
            fd: descriptor, events: Int16(POLLIN) | (waitingBytes > 0 ? Int16(POLLOUT) : 0), revents: 0)
    }

    /// Reads what has come and writes what waits, as far as a poll says that this can be.
    mutating func serve(_ item: pollfd, by buffer: inout [UInt8]) {
        if item.revents & Int16(POLLOUT) != 0 { flush() }
        guard item.revents & ~Int16(POLLOUT) != 0 else { return }
        var count: Int?
        if let missing = cutter?.missingCount, missing >= Self.longFrame {
            cutter?.append { [descriptor] span in
                span.withUnsafeMutableBufferPointer { room, filled in
                    count = Self.read(descriptor, into: room)
                    filled = count ?? 0
                }
            }
        } else {
            count = buffer.withUnsafeMutableBufferPointer { [allowance] in
                Self.read(descriptor, into: .init(rebasing: $0.prefix(allowance.read)))
            }
            if let count, count > 0 { cutter?.append(buffer[..<count]) }
        }
        if count == nil { hasEnded = true }
    }

    /// Reads what has come; returns how many bytes that is, nil at the end.
    private static func read(_ descriptor: Int32, into room: UnsafeMutableBufferPointer<UInt8>) -> Int? {
        let count = recv(descriptor, room.baseAddress, room.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return 0 }
        return count > 0 ? count : nil
    }

    /// The next frame that has come as a whole.
    mutating func next() -> [UInt8]? {
        do {
            while let arrival = try cutter?.next() {
                switch arrival {
                case .ready: isReady = true
                case .frame(let frame): return frame
                case .ping(let context):
                    // A peer that asks without end and hears nothing is not let take memory.
                    if waitingBytes == 0, context.count <= 16 {
                        outgoing.append { ZMTP.append(command: ZMTP.pong, context, to: &$0) }
                        flush()
                    }
                }
            }
        } catch {
            // What follows a violation is not looked at.
            cutter = nil
            hasEnded = true
        }
        return nil
    }

    /// Adds a frame to what goes out with the next `flush`.
    mutating func put(_ frame: [UInt8]) { outgoing.append(message: frame) }

    /// Writes as much as the socket takes.
    mutating func flush() {
        while waitingBytes > 0 {
            let count = outgoing.send(to: descriptor)
            if count < 0, errno == EINTR { continue }
            if count < 0, errno != EAGAIN { hasEnded = true }
            if count < 0 { return }
        }
    }

    /// Ends the connection.
    func close() { Glibc.close(descriptor) }
}
