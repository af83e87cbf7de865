import Foundation
import Synchronization

/// A web server on a loopback port whose misbehaviour a test scripts.
final class LocalServer: Sendable {
    /// What was asked.
    struct Request: Sendable, Equatable {
        var path: String
        /// The first byte of a `Range` header.
        var start: Int?
    }

    /// What is answered.
    struct Reply: Sendable {
        var status = 200
        var headers: [String] = []
        var body: [UInt8] = []
        /// Bytes of the body after which the connection breaks.
        var cutAfter: Int?
    }

    private let descriptor: Int32
    private let port: UInt16
    private let log = Mutex<[Request]>([])

    /// Serves until it is released; the handler gets each request and its number.
    init(_ handler: @escaping @Sendable (Request, Int) -> Reply) {
        signal(SIGPIPE, SIG_IGN)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listening = descriptor
        port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length)
                listen(listening, 8)
                getsockname(listening, $0, &length)
            }
            return UInt16(bigEndian: $0.pointee.sin_port)
        }
        // A thread of its own: blocked ones would starve the pool that the requests need.
        Thread.detachNewThread { [weak self] in
            while case let connection = accept(listening, nil, nil), connection >= 0 {
                guard let self else {
                    close(connection)
                    break
                }
                self.serve(connection, handler)
            }
            // Closed here and nowhere else, when nobody can be waiting on a number that has a new owner.
            close(listening)
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    /// Its address.
    var address: String { "http://127.0.0.1:\(port)" }

    /// The requests so far.
    var requests: [Request] { log.withLock { $0 } }

    /// A server of one file that understands ranges.
    static func file(_ content: [UInt8]) -> LocalServer {
        LocalServer { request, _ in reply(content, request) }
    }

    /// The answer of a good server.
    static func reply(_ content: [UInt8], _ request: Request) -> Reply {
        guard let start = request.start else { return Reply(body: content) }
        guard start < content.count else { return Reply(status: 416) }
        return Reply(
            status: 206,
            headers: ["Content-Range: bytes \(start)-\(content.count - 1)/\(content.count)"],
            body: Array(content[start...]))
    }

    private func serve(_ connection: Int32, _ handler: (Request, Int) -> Reply) {
        defer { close(connection) }
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual([13, 10, 13, 10]) {
            guard read(connection, &byte, 1) == 1 else { return }
            head.append(byte)
        }
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        let path = String(lines.first?.split(separator: " ").dropFirst().first ?? "")
        let range = lines.first { $0.lowercased().hasPrefix("range: bytes=") }
        let start = range.flatMap { Int($0.dropFirst(13).prefix { $0 != "-" }) }
        let request = Request(path: path, start: start)
        let number = log.withLock {
            $0.append(request)
            return $0.count - 1
        }
        let reply = handler(request, number)
        let headers = [
            "HTTP/1.1 \(reply.status) X", "Content-Length: \(reply.body.count)", "Connection: close",
        ]
        let text = (headers + reply.headers).joined(separator: "\r\n") + "\r\n\r\n"
        let body = reply.body.prefix(reply.cutAfter ?? reply.body.count)
        let bytes = Array(text.utf8) + body
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            sent += count
        }
        // Without this a client may lose the last bytes to a reset.
        shutdown(connection, Int32(SHUT_WR))
        while read(connection, &byte, 1) > 0 {}
    }
}
