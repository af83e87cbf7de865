import Glibc

/// A local socket file, looked at below ZeroMQ.
struct LocalSocket: Sendable {
    private let path: String
    private let inode: ino_t

    /// The file at a path; `nil` if there is none.
    init?(at path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.path = path
        inode = status.st_ino
    }

    /// Removes the file, unless another one has taken its place.
    func remove() {
        if LocalSocket(at: path)?.inode == inode { unlink(path) }
    }

    /// Whether a process accepts connections at a path.
    static func isListening(at path: String) -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard path.utf8.count < field.count else { return false }
            field.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { return false }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
