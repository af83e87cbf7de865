import Foundation

/// Metrics as JSON lines, one for each training step and one for each epoch.
final class MetricsLog {
    private let url: URL
    private let handle: FileHandle
    private var pending = Data()
    private let encoder: JSONEncoder

    /// One line.
    struct Line: Codable {
        var kind: String
        var step: Int
        var epoch: Int
        var loss: Double
        var accuracy: Double
        var spikesPerPattern: Double
        var saturatedWeights: Int
        var droppedEvents: UInt64?
        var testAccuracy: Double?
        var chipSeconds: Double?

        /// Written out: a strategy that makes such keys of names would take half of the time of a line.
        enum CodingKeys: String, CodingKey {
            case kind, step, epoch, loss, accuracy
            case spikesPerPattern = "spikes_per_pattern"
            case saturatedWeights = "saturated_weights"
            case droppedEvents = "dropped_events"
            case testAccuracy = "test_accuracy"
            case chipSeconds = "chip_seconds"
        }
    }

    /// Bytes gathered before they are written.
    private static let bufferSize = 16_384

    /// Opens the log; lines of later steps than `step` are dropped.
    init(url: URL, keepingThrough step: Int) throws(RunError) {
        var kept = Data()
        if let old = try? Data(contentsOf: url) {
            let decoder = JSONDecoder()
            for line in old.split(separator: UInt8(ascii: "\n")) {
                guard let parsed = try? decoder.decode(Line.self, from: line), parsed.step <= step
                else { continue }
                kept.append(line)
                kept.append(UInt8(ascii: "\n"))
            }
        }
        try AtomicFile.write(kept, to: url)
        do {
            handle = try FileHandle(forWritingTo: url)
            try handle.seekToEnd()
        } catch {
            throw RunError(.io, "cannot open \(url.path): \(AtomicFile.reason(error))")
        }
        self.url = url
        encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
    }

    /// Appends a line; it reaches the file with `flush` at the latest.
    func append(_ line: Line) throws(RunError) {
        pending.append((try? encoder.encode(line)) ?? Data())
        pending.append(UInt8(ascii: "\n"))
        if pending.count >= Self.bufferSize { try flush() }
    }

    /// Writes what is pending.
    func flush() throws(RunError) {
        do {
            try handle.write(contentsOf: pending)
            pending.removeAll(keepingCapacity: true)
        } catch {
            throw RunError(
                .io, "cannot write \(url.path): \(AtomicFile.reason(error))",
                remedy: "Free some space; the run can be resumed from its last checkpoint.")
        }
    }

    deinit { try? handle.close() }
}
