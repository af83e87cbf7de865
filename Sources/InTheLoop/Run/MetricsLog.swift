import Foundation

/// Metrics as JSON lines, one for each training step and one for each epoch.
final class MetricsLog {
    private let url: URL
    private let handle: FileHandle
    private var pending: [UInt8] = []

    /// One line.
    struct Line {
        /// What it is of.
        enum Kind: String {
            case step, epoch
        }
        var kind: Kind
        var step: Int
        var epoch: Int
        var loss: Double
        var accuracy: Double
        var spikesPerPattern: Double
        var saturatedWeights: Int
        var droppedEvents: UInt64?
        var testAccuracy: Double?
        var chipSeconds: Double?

        /// The line as JSON; what is no number is null. Written out, for `JSONEncoder` takes 2 % of a training step.
        var json: String {
            func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }
            var text = "{\"accuracy\":\(number(accuracy))"
            if let chipSeconds { text += ",\"chip_seconds\":\(number(chipSeconds))" }
            if let droppedEvents { text += ",\"dropped_events\":\(droppedEvents)" }
            text += ",\"epoch\":\(epoch),\"kind\":\"\(kind)\",\"loss\":\(number(loss))"
            text += ",\"saturated_weights\":\(saturatedWeights)"
            text += ",\"spikes_per_pattern\":\(number(spikesPerPattern)),\"step\":\(step)"
            if let testAccuracy { text += ",\"test_accuracy\":\(number(testAccuracy))" }
            return text + "}"
        }
    }

    /// What of a line says whether it is kept.
    private struct Place: Decodable {
        var step: Int
    }

    /// Bytes gathered before they are written.
    private static let bufferSize = 16_384

    /// Opens the log; lines of later steps than `step` are dropped.
    init(url: URL, keepingThrough step: Int) throws(RunError) {
        var kept = Data()
        if let old = try? Data(contentsOf: url) {
            let decoder = JSONDecoder()
            for line in old.split(separator: UInt8(ascii: "\n")) {
                guard let place = try? decoder.decode(Place.self, from: line), place.step <= step
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
    }

    /// Appends a line; it reaches the file with `flush` at the latest.
    func append(_ line: Line) throws(RunError) {
        pending += line.json.utf8
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
