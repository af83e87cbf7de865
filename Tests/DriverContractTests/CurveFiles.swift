import Foundation
import ZeroMQDriver

/// Fresh keys of a server and a client, in a folder that goes with them.
final class CurveFiles {
    let folder: URL
    var clientKey: String { folder.appendingPathComponent("client").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("volley-keys-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// A server that lets the client in.
    func server() throws -> CurveServer {
        let list = folder.appendingPathComponent("clients.txt")
        let key = try CurveKeyPair(file: clientKey).publicKey
        try "# people\n\(key) the test\n".write(to: list, atomically: true, encoding: .utf8)
        return try CurveServer(
            keyFile: folder.appendingPathComponent("server").path, clientFile: list.path)
    }
}
