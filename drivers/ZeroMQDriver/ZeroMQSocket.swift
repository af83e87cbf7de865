import CZeroMQ
import DeviceTransport
import Glibc

/// A libzmq socket: the only place that calls libzmq on one.
///
/// Noncopyable, so that one owner closes it once. It may move between threads (libzmq asks for a full fence between
/// two threads' uses, which a move through an executor or a thread's start gives) but has one user at a time.
struct ZeroMQSocket: ~Copyable, @unchecked Sendable {
    /// What a socket does.
    enum Kind {
        /// Asks: frames to one peer and back.
        case dealer
        /// Serves: frames from many peers, each with the peer's identity before it.
        case router
        /// Answers questions that come one at a time.
        case answerer
        /// Hears what happens to another socket.
        case observer
    }

    /// Which of the waited-for things happened.
    struct Readiness: OptionSet {
        let rawValue: Int
        /// A message can be received.
        static let readable = Readiness(rawValue: 1)
        /// A message can be sent.
        static let writable = Readiness(rawValue: 2)
        /// The observer has something.
        static let observed = Readiness(rawValue: 4)
        /// The flag is up.
        static let woken = Readiness(rawValue: 8)
    }

    private let handle: UnsafeMutableRawPointer
    private let context: ZeroMQContext

    /// A socket that keeps nothing after its close.
    ///
    /// - Throws: `system`, when the process has no sockets or descriptors left.
    init(_ kind: Kind, in context: ZeroMQContext) throws(TransportError) {
        let type =
            switch kind {
            case .dealer: ZMQ_DEALER
            case .router: ZMQ_ROUTER
            case .answerer: ZMQ_REP
            case .observer: ZMQ_PAIR
            }
        guard let handle = zmq_socket(context.handle, type) else {
            throw Self.failure(.system, "cannot make a socket", zmq_errno())
        }
        self.handle = handle
        self.context = context
        set(ZMQ_LINGER, 0)
    }

    deinit { zmq_close(handle) }

    /// Sets an integer option. Traps if libzmq does not know it: options are constants of this module.
    func set(_ option: Int32, _ value: Int32) {
        var value = value
        let result = zmq_setsockopt(handle, option, &value, MemoryLayout<Int32>.size)
        precondition(result == 0, "libzmq refuses option \(option) = \(value)")
    }

    /// Sets an option that is bytes. Traps if libzmq does not take it: what comes from users is checked before.
    func set(_ option: Int32, _ bytes: [UInt8]) {
        let result = zmq_setsockopt(handle, option, bytes, bytes.count)
        precondition(result == 0, "libzmq refuses the bytes of option \(option)")
    }

    /// Limits the messages that the socket accepts; a peer that sends a longer one is disconnected.
    func setMaximumMessageSize(_ bytes: Int) {
        var value = Int64(bytes)
        let result = zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &value, MemoryLayout<Int64>.size)
        precondition(result == 0, "libzmq refuses a message limit of \(bytes) bytes")
    }

    /// Starts to listen.
    func bind(_ endpoint: String) throws(TransportError) {
        guard zmq_bind(handle, endpoint) == 0 else {
            throw Self.failure(.cannotBind, "cannot listen on \(endpoint)", zmq_errno())
        }
    }

    /// Starts to connect; says nothing of whether somebody is there.
    func connect(_ endpoint: String) throws(TransportError) {
        guard zmq_connect(handle, endpoint) == 0 else {
            throw Self.failure(.cannotConnect, "cannot connect to \(endpoint)", zmq_errno())
        }
    }

    /// The endpoint of the last bind, with the port that it really got.
    func lastEndpoint() -> String {
        var bytes = [UInt8](repeating: 0, count: 256)
        var length = bytes.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &bytes, &length) == 0 else { return "" }
        return String(decoding: bytes.prefix(max(0, length - 1)), as: UTF8.self)
    }

    /// Sends a message part without waiting; `false` when the queue is full or no peer is connected.
    ///
    /// - Throws: `peerGone` for an identity that is not there (any more), `system` otherwise.
    func send(_ bytes: [UInt8], more: Bool = false) throws(TransportError) -> Bool {
        while true {
            let flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)
            let sent = bytes.withUnsafeBytes { zmq_send(handle, $0.baseAddress, $0.count, flags) }
            if sent >= 0 { return true }
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            case EHOSTUNREACH: throw Self.failure(.peerGone, "the peer has left", EHOSTUNREACH)
            case let number: throw Self.failure(.system, "cannot send", number)
            }
        }
    }

    /// Takes the next message part without waiting; `nil` when there is none.
    ///
    /// The bytes are copied once, out of libzmq's buffer.
    func receive() throws(TransportError) -> (bytes: [UInt8], more: Bool)? {
        var message = zmq_msg_t()
        zmq_msg_init(&message)
        defer { zmq_msg_close(&message) }
        while zmq_msg_recv(&message, handle, ZMQ_DONTWAIT) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return nil
            case let number: throw Self.failure(.system, "cannot receive", number)
            }
        }
        let bytes = [UInt8](
            UnsafeRawBufferPointer(start: zmq_msg_data(&message), count: zmq_msg_size(&message)))
        return (bytes, zmq_msg_more(&message) != 0)
    }

    /// Waits until the socket can do one of `wanted`, something comes from `observer`, or the flag is raised; lowers it.
    ///
    /// Returns the empty set when the limit has passed.
    func wait(
        for wanted: Readiness, within limit: Duration, observer: borrowing ZeroMQSocket, or wakeUp: WakeUp? = nil
    ) throws(TransportError) -> Readiness {
        try poll(wanted, limit, observer.handle, wakeUp)
    }

    /// Waits as above, without an observer.
    func wait(for wanted: Readiness, within limit: Duration, or wakeUp: WakeUp) throws(TransportError) -> Readiness {
        try poll(wanted, limit, nil, wakeUp)
    }

    /// Makes a socket that hears of the events in `mask` that happen to this one; to be closed after `stopObserving`
    /// only.
    func observe(_ mask: Int32, named name: String) throws(TransportError) -> ZeroMQSocket {
        guard zmq_socket_monitor(handle, "inproc://\(name)", mask) == 0 else {
            throw Self.failure(.system, "cannot observe a socket", zmq_errno())
        }
        do throws(TransportError) {
            let observer = try ZeroMQSocket(.observer, in: context)
            try observer.connect("inproc://\(name)")
            return observer
        } catch {
            stopObserving()
            throw error
        }
    }

    /// Ends the reports to an observer.
    func stopObserving() {
        zmq_socket_monitor(handle, nil, 0)
    }

    /// What libzmq calls an error.
    static func errorText(_ number: Int32) -> String {
        zmq_strerror(number).map { String(cString: $0) } ?? "error \(number)"
    }

    private func poll(
        _ wanted: Readiness, _ limit: Duration, _ observer: UnsafeMutableRawPointer?, _ wakeUp: WakeUp?
    ) throws(TransportError) -> Readiness {
        var events: Int16 = 0
        if wanted.contains(.readable) { events |= Int16(ZMQ_POLLIN) }
        if wanted.contains(.writable) { events |= Int16(ZMQ_POLLOUT) }
        let input = Int16(ZMQ_POLLIN)
        var items = [zmq_pollitem_t(socket: handle, fd: 0, events: events, revents: 0)]
        if let observer { items.append(zmq_pollitem_t(socket: observer, fd: 0, events: input, revents: 0)) }
        if let wakeUp { items.append(zmq_pollitem_t(socket: nil, fd: wakeUp.descriptor, events: input, revents: 0)) }
        let deadline = ContinuousClock.now + limit
        while true {
            let left = max(.zero, ContinuousClock.now.duration(to: deadline))
            let count = zmq_poll(&items, Int32(items.count), Self.milliseconds(left))
            if count >= 0 { break }
            let number = zmq_errno()
            if number != EINTR { throw Self.failure(.system, "cannot wait", number) }
        }
        var readiness: Readiness = []
        if items[0].revents & input != 0 { readiness.insert(.readable) }
        if items[0].revents & Int16(ZMQ_POLLOUT) != 0 { readiness.insert(.writable) }
        if observer != nil, items[1].revents != 0 { readiness.insert(.observed) }
        if let wakeUp, items[items.count - 1].revents != 0 {
            wakeUp.clear()
            readiness.insert(.woken)
        }
        return readiness
    }

    /// Whole milliseconds, rounded up so that a wait never spins, at most an hour.
    static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        if seconds >= 3_600 { return 3_600_000 }
        return Int(seconds) * 1_000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }

    private static func failure(
        _ code: TransportError.Code, _ what: String, _ number: Int32
    ) -> TransportError {
        TransportError(code, "\(what): \(errorText(number))", errno: number)
    }
}
