import DeviceTransport
import Glibc
import WireProtocol

/// Somebody at the daemon's door who is nobody's client: a plain socket that says what it is told to.
final class Stranger {
    private let descriptor: Int32

    /// Connects, and ends ZeroMQ's greeting; without encryption its handshake too.
    init(at address: DeviceURI) throws {
        switch address.link {
        case .ipc(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
            try Self.connect(descriptor, &name)
            send(ZMTP.opening(as: .dealer))
        case .tcp(_, let port, let key):
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var name = sockaddr_in()
            name.sin_family = sa_family_t(AF_INET)
            name.sin_port = port.bigEndian
            name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            try Self.connect(descriptor, &name)
            send(key == nil ? ZMTP.opening(as: .dealer) : Self.encryptedGreeting)
        case .usb, .exec: throw TransportError(.badAddress, "\(address) has no door")
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Says something, as far as the other end takes it within 20 ms.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        var pauses = 0
        while sent < bytes.count, pauses < 20 {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 || errno == EAGAIN else { return }
            if count > 0 {
                sent += count
            } else {
                usleep(1_000)
                pauses += 1
            }
        }
    }

    private static let encryptedGreeting: [UInt8] = {
        var greeting = ZMTP.greeting
        greeting.replaceSubrange(12..<17, with: "CURVE".utf8)
        return greeting
    }()

    /// Connects, with as little room for answers as there may be.
    private static func connect<Name>(_ descriptor: Int32, _ name: inout Name) throws(TransportError) {
        var room: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size))
        let status = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
            }
        }
        guard status == 0 else { throw TransportError(.cannotConnect, "nobody opens", errno: errno) }
    }
}
