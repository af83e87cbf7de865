import Glibc

/// Where the published data lies on this machine, if it does.
enum SampleData {
    /// `$VOLLEY_DATA`, or the folder `shared/data` beside the package.
    static let folder: String? = {
        let package = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let beside = "/" + package.split(separator: "/").dropLast().joined(separator: "/")
        let candidates = [
            getenv("VOLLEY_DATA").map { String(cString: $0) }, "\(beside)/shared/data",
        ]
        return candidates.compactMap { $0 }.first { access("\($0)/mnist", R_OK) == 0 }
    }()

    /// What a test says that is skipped for want of data.
    static let absent = "needs the published data: set VOLLEY_DATA to the folder that holds it"

    /// Whether the data is there.
    static var exists: Bool { folder != nil }

    /// The content of a file of the data folder.
    static func read(_ name: String) -> [UInt8] {
        guard let folder, let file = fopen("\(folder)/\(name)", "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
        }
        return bytes
    }
}
