import DeviceTransport
import Glibc

/// TCP sockets that this machine alone reaches, below ZeroMQ.
enum LoopbackSocket {
    /// A socket that listens on a port of a loopback address, and the port, which 0 lets the system pick.
    static func listening(on host: String, port: UInt16) throws(TransportError) -> (descriptor: Int32, port: UInt16) {
        try check(host, port: port)
        let name = "tcp://\(host):\(port)"
        var wanted = addrinfo()
        wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        wanted.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(numeric(host), "\(port)", &wanted, &found)
        guard status == 0, let address = found else {
            throw TransportError(.cannotBind, "cannot listen on \(name): \(String(cString: gai_strerror(status)))")
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            address.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw TransportError(.system, "cannot make a socket", errno: errno) }
        // The address of a daemon that has just ended can be taken at once, and no frame waits for more to send; who is
        // accepted inherits it.
        enable(SO_REUSEADDR, of: SOL_SOCKET, on: descriptor)
        enable(TCP_NODELAY, of: Int32(IPPROTO_TCP), on: descriptor)
        guard bind(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0, listen(descriptor, 64) == 0
        else {
            let number = errno
            close(descriptor)
            throw TransportError(
                .cannotBind, "cannot listen on \(name): \(String(cString: strerror(number)))", errno: number)
        }
        return (descriptor, Self.port(of: descriptor))
    }

    /// Holds that a host is this machine alone: 127.0.0.0/8, ::1 or localhost.
    ///
    /// - Throws: `cannotBind`.
    static func check(_ host: String, port: UInt16) throws(TransportError) {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        guard
            host == "localhost" || host == "[::1]"
                || (parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil })
        else {
            throw TransportError(
                .cannotBind,
                "tcp://\(host):\(port) would let anyone on the network drive the chip. Give --key and --clients, or "
                    + "listen on tcp://127.0.0.1:\(port) or ipc:///PATH.")
        }
    }

    /// A host as a number.
    private static func numeric(_ host: String) -> String {
        switch host {
        case "localhost": "127.0.0.1"
        case "[::1]": "::1"
        default: host
        }
    }

    private static func enable(_ option: Int32, of level: Int32, on descriptor: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    /// The port that a socket got; where it stands is the same for IPv4 and IPv6.
    private static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin6_port)
    }
}
