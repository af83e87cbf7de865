import Crypto
import Foundation
import Glibc

/// A file on its way: it grows as `NAME.part` and gets its name when it is whole.
///
/// A lock keeps two fetches apart; a part that a stopped fetch left behind is continued.
struct PartFile: ~Copyable {
    /// Where the finished file goes.
    let path: String
    private let descriptor: Int32

    private var partPath: String { path + ".part" }

    /// Opens the part file of a path, or makes it.
    ///
    /// - Throws: `unreadable` if it cannot be opened, or if another process writes it.
    init(for path: String) throws(DataError) {
        let part = path + ".part"
        let descriptor = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Self.failure("cannot write \(part)") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw DataError(
                .unreadable, "Another process is fetching \(part).", remedy: "Wait until it is done.")
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit {
        // A process that is just being started holds a copy of the descriptor, and the lock with it, until it runs.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Bytes that are there.
    var count: Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return 0 }
        return Int(status.st_size)
    }

    /// Appends bytes.
    ///
    /// - Throws: `diskFull`, or `unreadable` with the system's words.
    func append(_ bytes: Data) throws(DataError) {
        guard lseek(descriptor, 0, SEEK_END) >= 0 else {
            throw Self.failure("cannot write \(partPath)")
        }
        var rest = [UInt8](bytes)
        while !rest.isEmpty {
            let written = write(descriptor, rest, rest.count)
            if written < 0 && errno == EINTR { continue }
            guard written >= 0 else { throw Self.failure("cannot write \(partPath)") }
            rest.removeFirst(written)
        }
    }

    /// Starts again from nothing.
    func clear() throws(DataError) {
        guard count == 0 || ftruncate(descriptor, 0) == 0 else {
            throw Self.failure("cannot empty \(partPath)")
        }
    }

    /// SHA-256 of what is there, in hexadecimal.
    func checksum() throws(DataError) -> String { try Self.checksum(of: partPath) }

    /// Makes the content durable and gives the file its name.
    func finish() throws(DataError) {
        guard fsync(descriptor) == 0, rename(partPath, path) == 0 else {
            throw Self.failure("cannot finish \(path)")
        }
        // The name is durable only when the folder is.
        let folder = open((path as NSString).deletingLastPathComponent, O_RDONLY | O_CLOEXEC)
        if folder >= 0 {
            fsync(folder)
            close(folder)
        }
    }

    /// SHA-256 of a file, in hexadecimal.
    ///
    /// - Throws: `missing` or `unreadable`.
    static func checksum(of path: String) throws(DataError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot read \(path)") }
        defer { close(descriptor) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read \(path)") }
            if count == 0 { break }
            hash.update(data: buffer[..<count])
        }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The system's last error as one of ours.
    static func failure(_ what: String) -> DataError {
        let code = errno
        let reason = String(cString: strerror(code))
        switch code {
        case ENOSPC, EDQUOT:
            return DataError(
                .diskFull, "\(what): \(reason).",
                remedy: "Free some space, or name another folder; the fetch continues where it stopped.")
        case ENOENT:
            return DataError(.missing, "\(what): \(reason).")
        default:
            return DataError(.unreadable, "\(what): \(reason).")
        }
    }
}
