import Glibc

/// The processes that have a file open, as far as this user may see them.
enum BoardHolder {
    /// "process 1234 (volley)" for each process but this one; empty if none can be seen.
    static func names(of node: String) -> [String] {
        entries(of: "/proc").compactMap(Int32.init).sorted().filter { $0 != getpid() && holds($0, node) }
            .map { "process \($0) (\(command(of: $0)))" }
    }

    private static func holds(_ process: Int32, _ node: String) -> Bool {
        let folder = "/proc/\(process)/fd"
        return entries(of: folder).contains { link(at: "\(folder)/\($0)") == node }
    }

    private static func command(of process: Int32) -> String {
        let descriptor = open("/proc/\(process)/comm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "unknown" }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }

    private static func link(at path: String) -> String {
        var buffer = [CChar](repeating: 0, count: 256)
        let count = readlink(path, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func entries(of folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
