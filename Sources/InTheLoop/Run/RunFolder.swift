public import Foundation

/// The folder of a run and what lies in it.
///
/// `experiment.yaml` as resolved, `run.json` (versions, device), `metrics.jsonl`, `checkpoints/`, `calibrations/`, `summary.json`.
public struct RunFolder: Sendable {
    /// The folder.
    public let url: URL

    private var checkpoints: URL { url.appendingPathComponent("checkpoints") }
    private var metrics: URL { url.appendingPathComponent("metrics.jsonl") }

    /// Makes the folder of a new run.
    ///
    /// - Throws: `occupied` if there is a run in it, `io` if it cannot be made.
    public init(creating url: URL) throws(RunError) {
        self.url = url
        let experiment = url.appendingPathComponent("experiment.yaml")
        if FileManager.default.fileExists(atPath: experiment.path) {
            throw RunError(
                .occupied, "\(url.path) already holds a run.",
                remedy: "Choose another --output, or go on with it: volley train --resume \(url.path)")
        }
        do {
            for folder in [checkpoints, url.appendingPathComponent("calibrations")] {
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            }
        } catch {
            throw RunError(.io, "cannot make \(url.path): \(AtomicFile.reason(error))")
        }
    }

    /// Opens the folder of an earlier run.
    ///
    /// - Throws: `occupied` if there is no run in it.
    public init(opening url: URL) throws(RunError) {
        self.url = url
        let experiment = url.appendingPathComponent("experiment.yaml")
        guard FileManager.default.fileExists(atPath: experiment.path) else {
            throw RunError(
                .occupied, "\(url.path) is not a run folder: it has no experiment.yaml.",
                remedy: "A run folder is what `volley train` prints as \"run folder\".")
        }
    }

    // MARK: Texts

    /// Writes a text file of the run.
    public func write(_ text: String, to name: String) throws(RunError) {
        try AtomicFile.write(Data(text.utf8), to: url.appendingPathComponent(name))
    }

    /// Writes a JSON file of the run.
    public func write(_ value: some Encodable, to name: String) throws(RunError) {
        try AtomicFile.write(Self.json(value), to: url.appendingPathComponent(name))
    }

    /// Reads a text file of the run.
    public func text(_ name: String) throws(RunError) -> String {
        String(decoding: try AtomicFile.read(url.appendingPathComponent(name)), as: UTF8.self)
    }

    /// A value as readable JSON with sorted keys in snake case.
    public static func json(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return (try? encoder.encode(value)) ?? Data("{}".utf8)
    }

    // MARK: Calibrations

    private func calibrationFile(_ hash: String) -> URL {
        url.appendingPathComponent("calibrations/\(hash.prefix(16)).json")
    }

    /// Keeps the calibrations that the run is on, so that it can go on with them.
    public func save(_ calibrations: CalibrationSet) throws(RunError) {
        for result in calibrations.results {
            try AtomicFile.write(result.encoded, to: calibrationFile(result.contentHash))
        }
    }

    /// The calibrations that a checkpoint names.
    ///
    /// - Throws: `io` or `corrupt`, with the file.
    public func calibrations(of progress: RunProgress) throws(RunError) -> CalibrationSet? {
        if progress.calibrations.isEmpty { return nil }
        var results: [CalibrationResult] = []
        for hash in progress.calibrations {
            let file = calibrationFile(hash)
            results.append(try CalibrationResult(decoding: AtomicFile.read(file), source: file.path))
        }
        return CalibrationSet(results)
    }

    // MARK: Checkpoints

    /// Checkpoints kept; older ones are removed after a newer one is safe.
    private static let kept = 3

    /// Saves a checkpoint, then removes old ones.
    public func save(_ checkpoint: Checkpoint) throws(RunError) {
        var digits = String(checkpoint.progress.step)
        while digits.count < 8 { digits = "0" + digits }
        try checkpoint.write(folder: checkpoints, name: "step-\(digits)")
        for old in sideFiles().dropLast(Self.kept) {
            try? FileManager.default.removeItem(at: old)
            try? FileManager.default.removeItem(
                at: old.deletingPathExtension().appendingPathExtension("safetensors"))
        }
    }

    /// The newest checkpoint that is whole, with notes on those that are not.
    ///
    /// - Throws: `corrupt` if there are checkpoints and none is whole; returns nil if there is none at all.
    public func latestCheckpoint() throws(RunError) -> (checkpoint: Checkpoint, damaged: [RunError])? {
        let files = sideFiles()
        var damaged: [RunError] = []
        for file in files.reversed() {
            do {
                return (try Checkpoint(sideFile: file), damaged)
            } catch {
                damaged.append(error)
            }
        }
        guard let last = damaged.first else { return nil }
        throw RunError(.corrupt, "no checkpoint in \(url.path) is whole: \(last.detail)")
    }

    private func sideFiles() -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints.path)) ?? []
        return names.filter { $0.hasPrefix("step-") && $0.hasSuffix(".json") }.sorted()
            .map { checkpoints.appendingPathComponent($0) }
    }

    // MARK: Metrics

    /// Opens the metrics for appending; lines after `step` are dropped, they will be written again.
    func metricsLog(after step: Int) throws(RunError) -> MetricsLog {
        try MetricsLog(url: metrics, keepingThrough: step)
    }
}
