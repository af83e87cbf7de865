import Glibc

/// The folders in which data sets are looked for.
public struct DataLibrary: Sendable, Hashable {
    /// Folders, in the order in which they are searched; files may lie in one or in a folder of the data set's name in it.
    public var folders: [String]

    /// The folders given.
    public init(folders: [String]) {
        self.folders = folders
    }

    /// The usual folders: the one given, then `$VOLLEY_DATA`, then the user's cache.
    ///
    /// - Parameters:
    ///   - folder: what the user asked for; if given, it is the only one.
    ///   - environment: the variables of the process.
    public init(folder: String?, environment: [String: String]) {
        if let folder {
            folders = [folder]
            return
        }
        folders = [environment["VOLLEY_DATA"], Self.cacheFolder(environment: environment)]
            .compactMap { $0 }.filter { !$0.isEmpty }
    }

    /// Where data is fetched to: `$XDG_CACHE_HOME/volley/data`, else `~/.cache/volley/data`; `nil` without a home.
    public static func cacheFolder(environment: [String: String]) -> String? {
        if let cache = environment["XDG_CACHE_HOME"], !cache.isEmpty {
            return "\(cache)/volley/data"
        }
        return environment["HOME"].map { "\($0)/.cache/volley/data" }
    }

    /// The samples of a data set, preprocessed as the reference does.
    ///
    /// - Throws: `unknownName`; `missing`, with each file that is missing, where it was looked for, and how to get it;
    ///   `unreadable` and `malformed` with the file and what is wrong with it.
    public func load(_ name: String) throws(DataError) -> DataSplits {
        let entry = try DataCatalog.entry(name)
        switch entry.content {
        case .yinYang:
            return YinYang.splits()
        case .images(let preprocessing):
            return try ImageDataSet(entry: entry, paths: paths(of: entry)).splits(preprocessing)
        }
    }

    /// Where a file of a data set lies, if it does; an unpacked file serves as well.
    public func path(of file: DataCatalog.File, in entry: DataCatalog.Entry) -> String? {
        for folder in folders {
            for name in [file.name, String(file.name.dropLast(".gz".count))] {
                for candidate in ["\(folder)/\(entry.name)/\(name)", "\(folder)/\(name)"]
                where access(candidate, R_OK) == 0 {
                    return candidate
                }
            }
        }
        return nil
    }

    private func paths(of entry: DataCatalog.Entry) throws(DataError) -> [String] {
        var found: [String] = []
        var missing: [String] = []
        for file in entry.files {
            if let path = path(of: file, in: entry) {
                try refuseNamesake(path, of: entry)
                found.append(path)
            } else {
                missing.append(file.name)
            }
        }
        guard missing.isEmpty else {
            let places = folders.flatMap { [$0, "\($0)/\(entry.name)"] }
            throw DataError(
                .missing,
                "\(entry.name): missing \(missing.joined(separator: ", ")); "
                    + "looked in \(places.joined(separator: ", ")).",
                remedy: "Fetch the files with `volley data fetch \(entry.name)`, "
                    + "or name the folder that holds them with --data or VOLLEY_DATA.")
        }
        return found
    }

    /// The files of all image data sets have the same names; their lengths tell them apart.
    private func refuseNamesake(_ path: String, of entry: DataCatalog.Entry) throws(DataError) {
        var status = stat()
        guard path.hasSuffix(".gz"), stat(path, &status) == 0 else { return }
        for other in DataCatalog.entries where other.name != entry.name {
            for file in other.files
            where path.hasSuffix("/\(file.name)") && file.byteCount == Int(status.st_size) {
                throw DataError(
                    .malformed, "\(path) is a file of \(other.name), not of \(entry.name).",
                    remedy: "Give each data set a folder of its own name.")
            }
        }
    }
}
