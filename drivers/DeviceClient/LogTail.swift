import Glibc

/// The end of a log file.
enum LogTail {
    /// The last lines of a file, from its last 8 KiB; none if it cannot be read.
    static func lines(of path: String, count: Int) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return [] }
        defer { close(file) }
        let length = lseek(file, 0, SEEK_END)
        lseek(file, max(0, length - 8_192), SEEK_SET)
        var bytes = [UInt8](repeating: 0, count: 8_192)
        let read = Glibc.read(file, &bytes, bytes.count)
        guard read > 0 else { return [] }
        return String(decoding: bytes.prefix(read), as: UTF8.self)
            .split(separator: "\n").suffix(count).map(String.init)
    }
}
