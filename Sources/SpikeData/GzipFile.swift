import CZlib
import Glibc

/// Whole files in memory, unpacked if they are gzip (RFC 1952). The only file that calls zlib.
enum GzipFile {
    /// The content of a file; gzip is recognised by its first two bytes.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: the most bytes that the content may have.
    /// - Throws: `missing` or `unreadable` with the system's words; `malformed` if the compressed data is cut off, damaged,
    ///   followed by something else, or larger than the limit.
    static func read(_ path: String, limit: Int) throws(DataError) -> [UInt8] {
        let bytes = try readPlain(path, limit: limit)
        guard bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B else { return bytes }
        return try inflate(bytes, path: path, limit: limit)
    }

    private static func readPlain(_ path: String, limit: Int) throws(DataError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw DataError(
                errno == ENOENT ? .missing : .unreadable,
                "\(path): \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw DataError(.unreadable, "\(path): \(String(cString: strerror(errno))).")
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else { throw tooLarge(path, limit) }
        }
    }

    private static func inflate(
        _ bytes: [UInt8], path: String, limit: Int
    ) throws(DataError) -> [UInt8] {
        var stream = z_stream()
        // 15 bits of window, plus 16 for "a gzip header and trailer, nothing else".
        let ready = inflateInit2_(
            &stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard ready == Z_OK else {
            throw DataError(.unreadable, "\(path): zlib does not start (code \(ready)).")
        }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var input = bytes
        var status = Z_OK
        var rest = 0
        input.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            while status == Z_OK && output.count <= limit {
                buffer.withUnsafeMutableBufferPointer { target in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(target.count)
                    status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    output.append(contentsOf: target[..<(target.count - Int(stream.avail_out))])
                }
            }
            rest = Int(stream.avail_in)
        }
        guard output.count <= limit else { throw tooLarge(path, limit) }
        guard status == Z_STREAM_END else {
            let reason =
                status == Z_BUF_ERROR
                ? "it ends in the middle of the compressed data, after \(bytes.count) bytes"
                : "the compressed data is damaged near byte \(bytes.count - rest)"
            throw DataError(
                .malformed, "\(path) is not a whole gzip file: \(reason).",
                remedy: "Delete it and fetch it again (`volley data fetch`).")
        }
        guard rest == 0 else {
            throw DataError(
                .malformed, "\(path): \(rest) bytes follow the end of the gzip data.",
                remedy: "Delete it and fetch it again (`volley data fetch`).")
        }
        return output
    }

    private static func tooLarge(_ path: String, _ limit: Int) -> DataError {
        DataError(.malformed, "\(path) holds more than \(limit) bytes, the most that is read.")
    }
}
