public import DeviceTransport
import Glibc

/// What a server needs to let known clients in from afar, encrypted: its own keys, and those of its clients.
public struct CurveServer: Sendable {
    /// The server's keys.
    let keys: CurveKeyPair
    /// The clients that are let in, with the names that the list gives them.
    let clients: [CurveKey: String]

    /// A server with the keys and the list of clients of two files.
    ///
    /// The list has a client a line: 64 hexadecimal digits, then a name for people. Text after `#` is ignored.
    /// - Throws: `badKey`, with the file and the line.
    public init(keyFile: String, clientFile: String) throws(TransportError) {
        keys = try CurveKeyPair(file: keyFile)
        guard let file = fopen(clientFile, "r") else {
            throw TransportError(.badKey, "the list of clients \(clientFile) cannot be read", errno: errno)
        }
        defer { fclose(file) }
        var clients: [CurveKey: String] = [:]
        var buffer = [CChar](repeating: 0, count: 1_024)
        var number = 0
        while fgets(&buffer, Int32(buffer.count), file) != nil {
            number += 1
            let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words = String(decoding: bytes, as: UTF8.self).prefix { $0 != "#" }
                .split { $0.isWhitespace }
            guard let first = words.first else { continue }
            guard let key = CurveKey(first) else {
                throw TransportError(
                    .badKey,
                    "\(clientFile):\(number): \"\(first)\" is not a key of 64 hexadecimal digits. "
                        + "`volley key` prints that of whoever runs it.")
            }
            clients[key] = words.dropFirst().joined(separator: " ")
        }
        guard !clients.isEmpty else {
            throw TransportError(
                .badKey, "the list of clients \(clientFile) is empty, so that nobody could use the chip")
        }
        self.clients = clients
    }
}
