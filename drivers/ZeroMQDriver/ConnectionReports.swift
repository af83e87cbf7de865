import CZeroMQ
import DeviceTransport

/// What libzmq tells of a connection's life, read from an observer socket.
struct ConnectionReports {
    /// What stood in the way last.
    private(set) var trouble = "nobody answers there"
    /// Whether the connection was there and has ended.
    private(set) var hasEnded = false
    /// Whether the connection is there, or was.
    private(set) var hasBegun = false

    /// The events to observe.
    static let events =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED
        | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH

    /// Reads the reports that have come: two parts each, number and value, then the address.
    mutating func read(from observer: borrowing ZeroMQSocket) throws(TransportError) {
        while let report = try observer.receive() {
            if report.more { _ = try observer.receive() }
            guard report.bytes.count >= 2 else { continue }
            switch Int32(report.bytes[0]) | Int32(report.bytes[1]) << 8 {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: hasBegun = true
            case ZMQ_EVENT_DISCONNECTED: hasEnded = hasBegun
            case ZMQ_EVENT_CONNECT_RETRIED: if !isForeign { trouble = "nobody listens there" }
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                isForeign = true
                trouble =
                    "it does not let our key in; whoever runs it adds what `volley key` prints to its list of clients"
            default:
                isForeign = true
                trouble =
                    "something answers there, but it does not speak ZeroMQ, or expects encryption where we use none"
            }
        }
    }

    private var isForeign = false
}
