import Glibc
import WireProtocol

/// Bytes on their way into a socket; long messages are sent from where they are.
struct ZMTPOutbox: Sendable {
    /// Some bytes, and a long message that follows them if there is one.
    private struct Parcel {
        var bytes: [UInt8]
        var message: [UInt8] = []
    }

    /// Bytes that wait.
    private(set) var count: Int
    private var parcels: [Parcel]
    /// Bytes of the first parcel that have left.
    private var sent = 0
    /// From so many bytes on, a message is not copied.
    private static let longMessage = 4_096

    /// Begins with what opens a connection.
    init(opening: [UInt8]) {
        parcels = [Parcel(bytes: opening)]
        count = opening.count
    }

    /// Adds what `write` appends to what it is given.
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        // What has begun to leave does not grow, so that its memory is freed some day.
        let isUnderWay = parcels.count == 1 && sent > 0
        if isUnderWay || parcels.last?.message.isEmpty != true { parcels.append(Parcel(bytes: [])) }
        let last = parcels.endIndex - 1
        let before = parcels[last].bytes.count
        write(&parcels[last].bytes)
        count += parcels[last].bytes.count - before
    }

    /// Adds a message of one part.
    mutating func append(message: [UInt8]) {
        guard message.count >= Self.longMessage else { return append { ZMTP.append(message: message, to: &$0) } }
        append { ZMTP.append(headOfMessage: message.count, to: &$0) }
        parcels[parcels.endIndex - 1].message = message
        count += message.count
    }

    /// Sends some of what waits; returns what the system call does.
    mutating func send(to descriptor: Int32) -> Int {
        guard let parcel = parcels.first else { return 0 }
        let size = parcel.bytes.count + parcel.message.count
        let left = parcel.bytes.withUnsafeBytes { bytes in
            parcel.message.withUnsafeBytes { message in
                let before = min(sent, bytes.count)
                var pieces = [
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress?.advanced(by: before)),
                        iov_len: bytes.count - before),
                    iovec(
                        iov_base: UnsafeMutableRawPointer(mutating: message.baseAddress?.advanced(by: sent - before)),
                        iov_len: message.count - (sent - before)),
                ]
                return pieces.withUnsafeMutableBufferPointer { pieces in
                    var head = msghdr()
                    head.msg_iov = pieces.baseAddress
                    head.msg_iovlen = pieces.count
                    return sendmsg(descriptor, &head, Int32(MSG_NOSIGNAL))
                }
            }
        }
        guard left > 0 else { return left }
        sent += left
        count -= left
        if sent == size {
            parcels.removeFirst()
            sent = 0
        }
        return left
    }
}
