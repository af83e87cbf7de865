import Foundation

/// Fetches the files of a data set from its mirrors: resumed, checked, and put in place only when whole.
public struct DataFetch: Sendable {
    /// How far a fetch is.
    public struct Progress: Sendable, Hashable {
        /// The file that is being fetched.
        public var file: String
        /// Its bytes that are there.
        public var received: Int
        /// All its bytes.
        public var total: Int
    }

    /// Files go to a folder of the data set's name in this one.
    public var folder: String
    /// Addresses to use instead of the catalogue's, for mirrors of one's own.
    public var mirrors: [String]?
    /// Rounds over all mirrors without a new byte before a file is given up.
    public var attempts: Int
    /// Pause before the second round; it doubles with every further one.
    public var pause: Duration
    /// Seconds without a byte after which a request is given up.
    public var idleLimit: Double

    /// A fetch into a folder; every argument has the meaning of the property of its name.
    public init(
        folder: String, mirrors: [String]? = nil, attempts: Int = 4, pause: Duration = .seconds(1),
        idleLimit: Double = 30
    ) {
        self.folder = folder
        self.mirrors = mirrors
        self.attempts = attempts
        self.pause = pause
        self.idleLimit = idleLimit
    }

    /// Fetches what is missing of a data set; files that are there and right are left alone.
    ///
    /// - Parameters:
    ///   - entry: the data set.
    ///   - progress: told how far it is, from any thread.
    /// - Returns: the paths of all files.
    /// - Throws: `network` with each address and what was wrong there; `checksum`; `diskFull`; `unreadable`.
    public func fetch(
        _ entry: DataCatalog.Entry, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws(DataError) -> [String] {
        let target = "\(folder)/\(entry.name)"
        do {
            try FileManager.default.createDirectory(
                atPath: target, withIntermediateDirectories: true)
        } catch {
            throw DataError(.unreadable, "Cannot make the folder \(target): \(error).")
        }
        var paths: [String] = []
        for file in entry.files {
            let path = "\(target)/\(file.name)"
            if (try? PartFile.checksum(of: path)) != file.sha256 {
                try await fetch(file, to: path, from: mirrors ?? entry.mirrors) { received in
                    progress(Progress(file: file.name, received: received, total: file.byteCount))
                }
            }
            paths.append(path)
        }
        return paths
    }

    /// Whether a file is the published one.
    ///
    /// - Throws: `missing`, `unreadable`; `checksum` with both sums.
    public static func check(_ file: DataCatalog.File, at path: String) throws(DataError) {
        let found = try PartFile.checksum(of: path)
        guard found == file.sha256 else { throw wrongChecksum(file, path, found) }
    }

    /// Goes round the mirrors until the file is whole.
    private func fetch(
        _ file: DataCatalog.File, to path: String, from mirrors: [String],
        progress: @escaping @Sendable (Int) -> Void
    ) async throws(DataError) {
        if try finishWholePart(file, path) { return }
        var round = 0
        var excluded: Set<String> = []
        var reasons: [String: String] = [:]
        while round < attempts && excluded.count < mirrors.count {
            var gained = false
            for mirror in mirrors where !excluded.contains(mirror) {
                let address = "\(mirror)/\(file.name)"
                guard let url = URL(string: address) else {
                    (reasons[mirror], _) = ("that is not an address", excluded.insert(mirror))
                    continue
                }
                let before = try PartFile(for: path).count
                let outcome = try await HTTPDownload.run(
                    url, to: path, expected: file.byteCount, idleLimit: idleLimit,
                    progress: progress)
                if Task.isCancelled { throw cancelled(path) }
                let part = try PartFile(for: path)
                gained = gained || part.count > before
                switch outcome {
                case .refused(let reason):
                    (reasons[mirror], _) = (reason, excluded.insert(mirror))
                case .interrupted(let reason): reasons[mirror] = reason
                case .rangeRefused: try part.clear()
                case .ended where part.count < file.byteCount:
                    reasons[mirror] = "it ended after \(part.count) of \(file.byteCount) bytes"
                case .ended:
                    let sum = try part.checksum()
                    if sum == file.sha256 { return try part.finish() }
                    try part.clear()
                    reasons[mirror] = "it sent another file (SHA-256 \(sum))"
                    excluded.insert(mirror)
                }
            }
            round = gained ? 1 : round + 1
            if round < attempts && excluded.count < mirrors.count {
                try? await Task.sleep(for: pause * (1 << min(round - 1, 6)))
                if Task.isCancelled { throw cancelled(path) }
            }
        }
        throw unobtainable(file, path, mirrors, reasons)
    }

    /// Puts a part in place that a stopped fetch left whole; throws away one that is too long or wrong.
    private func finishWholePart(_ file: DataCatalog.File, _ path: String) throws(DataError) -> Bool {
        let part = try PartFile(for: path)
        guard part.count >= file.byteCount else { return false }
        guard part.count == file.byteCount, try part.checksum() == file.sha256 else {
            try part.clear()
            return false
        }
        try part.finish()
        return true
    }

    private func unobtainable(
        _ file: DataCatalog.File, _ path: String, _ mirrors: [String], _ reasons: [String: String]
    ) -> DataError {
        let lines = mirrors.map { "  \($0)/\(file.name): \(reasons[$0] ?? "no answer")" }
        let sentAnother = reasons.values.contains { $0.hasPrefix("it sent another file") }
        return DataError(
            sentAnother ? .checksum : .network,
            "\(file.name) could not be fetched:\n\(lines.joined(separator: "\n"))",
            remedy: "Run the command again to continue, name another mirror with --mirror, "
                + "or put the file (SHA-256 \(file.sha256)) at \(path) by hand.")
    }

    private func cancelled(_ path: String) -> DataError {
        DataError(
            .network, "The fetch of \(path) was stopped.", remedy: "Run the command again to continue.")
    }

    private static func wrongChecksum(
        _ file: DataCatalog.File, _ path: String, _ found: String
    ) -> DataError {
        DataError(
            .checksum,
            "\(path) is not the published file: its SHA-256 is \(found), not \(file.sha256).",
            remedy: "Delete it and fetch it again (`volley data fetch`).")
    }
}
