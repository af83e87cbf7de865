import DeviceTransport
import Glibc

/// A local socket and its file, below ZeroMQ.
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
        guard let descriptor = try? open() else { return false }
        defer { close(descriptor) }
        // Who has too many before us to let in is there, too.
        return withAddress(path) { connect(descriptor, $0, $1) == 0 || errno == EAGAIN }
    }

    /// A socket that is connected to whoever listens at a path; `nil` where nobody does.
    static func connected(to path: String) throws(TransportError) -> Int32? {
        let descriptor = try open()
        guard withAddress(path, { connect(descriptor, $0, $1) == 0 }) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// A socket that listens at a path in place of what a dead daemon left there; only the file's owner can connect to
    /// it, for who can may drive the chip.
    static func listening(at path: String) throws(TransportError) -> Int32 {
        try clearLeftover(path)
        let descriptor = try open()
        unlink(path)
        let mask = umask(0o077)
        defer { umask(mask) }
        guard withAddress(path, { bind(descriptor, $0, $1) == 0 }), listen(descriptor, 64) == 0 else {
            let number = errno
            close(descriptor)
            throw TransportError(
                .cannotBind, "cannot listen on ipc://\(path): \(String(cString: strerror(number)))", errno: number)
        }
        return descriptor
    }

    /// Waits for descriptors until a point in time; whether there is something.
    ///
    /// Before another point in time the thread does not sleep, but lets others have the processor between two looks: a
    /// processor without work is woken slowly, most of all a virtual one (30 us, and 15 us of who wakes it).
    static func poll(
        _ items: inout [pollfd], until deadline: ContinuousClock.Instant, awakeUntil end: ContinuousClock.Instant
    ) throws(TransportError) -> Bool {
        while true {
            let now = ContinuousClock.now
            let isAwake = now < min(end, deadline)
            let left = isAwake ? .zero : max(.zero, now.duration(to: deadline))
            let count = Glibc.poll(&items, nfds_t(items.count), Int32(ZeroMQSocket.milliseconds(left)))
            guard count >= 0 || errno == EINTR else {
                throw TransportError(.system, "cannot wait for a socket", errno: errno)
            }
            guard count == 0, isAwake else { return count > 0 }
            sched_yield()
        }
    }

    /// A socket that never blocks and that no child inherits.
    private static func open() throws(TransportError) -> Int32 {
        let descriptor = socket(
            AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw TransportError(.system, "cannot make a socket", errno: errno) }
        return descriptor
    }

    /// Calls with the address of a path, one that begins with @ being a name without a file; false if it is too long.
    private static func withAddress(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Bool) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        let isName = name.first == UInt8(ascii: "@")
        if isName { name[0] = 0 }
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { field in
            guard name.count < field.count else { return false }
            field.copyBytes(from: name)
            return true
        }
        guard fits else { return false }
        let size = MemoryLayout<sockaddr_un>.size
        let length = isName ? size - MemoryLayout.size(ofValue: address.sun_path) + name.count : size
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }

    /// Makes sure that nobody listens at a path and that what is there may be replaced.
    static func clearLeftover(_ path: String) throws(TransportError) {
        guard !path.hasPrefix("@") else {
            throw TransportError(
                .cannotBind,
                "ipc://\(path) has no file, so any user of this machine could drive the chip. Use ipc:///PATH.")
        }
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw TransportError(
                .cannotBind, "\(path) exists and is not a socket. Choose another path.")
        }
        if isListening(at: path) {
            throw TransportError(
                .cannotBind,
                "another daemon listens on ipc://\(path). Stop it, or choose another path.",
                errno: EADDRINUSE)
        }
    }
}
