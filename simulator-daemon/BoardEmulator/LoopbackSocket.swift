package import DeviceTransport
import Glibc

/// A TCP socket on this machine's loopback interface.
///
/// One thread reads and one writes; any may shut it down. Its memory comes from the C library's own lists and from
/// arrays that a call borrows, so that nothing here keeps a pointer.
package final class LoopbackSocket: Sendable {
    private let descriptor: Int32

    /// Listens on a port; 0 picks one.
    ///
    /// - Throws: `cannotBind`.
    package static func listening(on port: UInt16) throws(TransportError) -> LoopbackSocket {
        let socket = try LoopbackSocket()
        socket.set(SOL_SOCKET, SO_REUSEADDR, to: 1)
        let isBound = unsafe withAddress(of: port) { address in
            unsafe bind(socket.descriptor, address.ai_addr, address.ai_addrlen) == 0
        }
        guard isBound, listen(socket.descriptor, 8) == 0 else {
            throw TransportError(
                .cannotBind, "cannot listen on 127.0.0.1:\(port). Is another daemon there? Choose another port",
                errno: errno)
        }
        return socket
    }

    /// Connects to a port.
    ///
    /// - Throws: `cannotConnect`.
    package static func connected(to port: UInt16) throws(TransportError) -> LoopbackSocket {
        let socket = try LoopbackSocket()
        let isConnected = unsafe withAddress(of: port) { address in
            unsafe connect(socket.descriptor, address.ai_addr, address.ai_addrlen) == 0
        }
        guard isConnected else {
            throw TransportError(.cannotConnect, "cannot connect to 127.0.0.1:\(port)", errno: errno)
        }
        socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1)
        return socket
    }

    /// Lends the address of a port of this machine, as the C library writes it.
    private static func withAddress(of port: UInt16, _ body: (addrinfo) -> Bool) -> Bool {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_INET
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        var list = unsafe hints.ai_next
        guard unsafe getaddrinfo("127.0.0.1", String(port), &hints, &list) == 0, let first = unsafe list else {
            return false
        }
        defer { unsafe freeaddrinfo(list) }
        return unsafe body(first.pointee)
    }

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    private convenience init() throws(TransportError) {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        self.init(descriptor: socket(AF_INET, type, 0))
        guard descriptor >= 0 else { throw TransportError(.system, "cannot make a socket", errno: errno) }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// The port of this end; 0 if it has none.
    package var port: UInt16 {
        var digits = [CChar](repeating: 0, count: 8)
        let isKnown = unsafe Self.withAddress(of: 0) { address in
            // Written over the address that was lent, which is as long.
            var length = unsafe address.ai_addrlen
            guard unsafe getsockname(descriptor, address.ai_addr, &length) == 0 else { return false }
            let room = socklen_t(digits.count)
            return unsafe getnameinfo(address.ai_addr, length, nil, 0, &digits, room, NI_NUMERICSERV) == 0
        }
        let text = String(decoding: digits.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return isKnown ? UInt16(text) ?? 0 : 0
    }

    /// Waits for somebody who connects; nil when the socket was shut down.
    package func accepted() -> LoopbackSocket? {
        while true {
            let next = accept(descriptor, nil, nil)
            if next >= 0 {
                _ = fcntl(next, F_SETFD, FD_CLOEXEC)
                let socket = LoopbackSocket(descriptor: next)
                socket.set(Int32(IPPROTO_TCP), TCP_NODELAY, to: 1)
                return socket
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            // Out of descriptors or memory: whoever waits gets the next chance.
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: usleep(100_000)
            default: return nil
            }
        }
    }

    /// How long a read waits; zero for ever.
    package func setReadLimit(seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Reads exactly so many bytes; nil when they do not come.
    package func read(_ count: Int) -> [UInt8]? {
        // Memory grows with what has come, not with what was announced.
        var bytes: [UInt8] = []
        while bytes.count < count {
            var piece = [UInt8](repeating: 0, count: min(count - bytes.count, 1 << 18))
            let got = unsafe recv(descriptor, &piece, piece.count, 0)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            if got == count { return piece }
            bytes += piece[..<got]
        }
        return bytes
    }

    /// Writes all bytes; false when the other end is gone.
    package func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let sent = unsafe send(descriptor, rest, rest.count, Int32(MSG_NOSIGNAL))
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else { return false }
            if sent == rest.count { return true }
            rest.removeFirst(sent)
        }
        return true
    }

    /// Ends all reads and writes, now and later.
    package func shutDown() {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    private func set(_ level: Int32, _ name: Int32, to value: Int32) {
        var value = value
        unsafe setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
