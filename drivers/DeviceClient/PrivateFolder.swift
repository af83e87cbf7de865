import Glibc
import Substrate

/// A temporary folder that only this user can look into.
enum PrivateFolder {
    /// Makes one, mode 0700, in `TMPDIR` or `/tmp`.
    ///
    /// `/tmp` also where `TMPDIR` is too long for the name of a socket (107 bytes).
    static func make() throws(DeviceError) -> String {
        let wanted = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        let parent = wanted.isEmpty || wanted.utf8.count > 70 ? "/tmp" : wanted
        guard let template = strdup("\(parent)/volley-XXXXXX") else {
            throw DeviceError(.unreachable, "no memory for the name of a temporary folder")
        }
        defer { free(template) }
        guard mkdtemp(template) != nil else {
            throw DeviceError(
                .unreachable,
                "cannot make a folder in \(parent): \(String(cString: strerror(errno)))",
                remedy: "Set TMPDIR to a folder that you may write to.")
        }
        return String(cString: template)
    }

    /// Removes a folder and the files in it.
    static func remove(_ path: String) {
        if let folder = opendir(path) {
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(folder)
        }
        rmdir(path)
    }
}
