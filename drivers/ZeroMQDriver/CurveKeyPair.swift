import CZeroMQ
public import DeviceTransport
import Glibc

/// A secret key of CurveZMQ, kept in a file that only its owner can read, and the public key that belongs to it.
public struct CurveKeyPair: Sendable {
    /// The key that others may know.
    public let publicKey: CurveKey
    /// The 40 characters of Z85 that libzmq takes. Never printed.
    let secret: String

    /// The file of the keys of whoever runs this: `$VOLLEY_KEY`, else `~/.config/volley/key`.
    public static var ownFile: String {
        if let path = getenv("VOLLEY_KEY").map({ String(cString: $0) }), !path.isEmpty { return path }
        return "\(getenv("HOME").map { String(cString: $0) } ?? ".")/.config/volley/key"
    }

    /// The keys of a file, which is made if there is none.
    ///
    /// - Throws: `badKey`, with the file and what is wrong with it.
    public init(file path: String) throws(TransportError) {
        if access(path, F_OK) != 0 { try Self.make(path) }
        var status = stat()
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw Self.flaw(path, "it cannot be read", errno) }
        defer { close(file) }
        guard fstat(file, &status) == 0, status.st_mode & 0o077 == 0 else {
            throw Self.flaw(path, "others can read it; make it yours alone with chmod 600 \(path)")
        }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let secret = text.prefix { $0 != "\n" }
        var publicText = [CChar](repeating: 0, count: 41)
        guard secret.utf8.count == 40, zmq_curve_public(&publicText, String(secret)) == 0 else {
            throw Self.flaw(path, "it does not hold a secret key; remove it and a new one is made")
        }
        var key = [UInt8](repeating: 0, count: CurveKey.byteCount)
        guard zmq_z85_decode(&key, publicText) != nil, let publicKey = CurveKey(bytes: key) else {
            throw Self.flaw(path, "libzmq cannot use the key in it")
        }
        self.secret = String(secret)
        self.publicKey = publicKey
    }

    /// Writes a fresh secret key to a file that must not exist.
    private static func make(_ path: String) throws(TransportError) {
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = [CChar](repeating: 0, count: 41)
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else {
            throw flaw(path, "this libzmq is built without CURVE", zmq_errno())
        }
        var place = path.startIndex
        while let slash = path[place...].dropFirst().firstIndex(of: "/") {
            mkdir(String(path[..<slash]), 0o700)
            place = slash
        }
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw flaw(path, "it cannot be made", errno) }
        defer { close(file) }
        var line = secretText.prefix(40).map { UInt8(bitPattern: $0) } + [UInt8(ascii: "\n")]
        let written = write(file, &line, line.count)
        guard written == line.count, fsync(file) == 0 else {
            let number = errno
            unlink(path)
            throw flaw(path, "it cannot be written", number)
        }
    }

    private static func flaw(_ path: String, _ reason: String, _ number: Int32 = 0) -> TransportError {
        TransportError(.badKey, "the key file \(path): \(reason)", errno: number)
    }
}
