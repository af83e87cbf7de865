import Charts
import Foundation
import InTheLoop

/// The output folder of a wafer: `wafer.json`, `wafer.csv`, `wafer.svg`, the experiment, and a run for each chip trained.
struct WaferFolder: Sendable {
    /// The folder.
    let url: URL

    private static let recordName = "wafer.json"
    private static let experimentName = "experiment.yaml"

    /// Makes the folder of a new wafer.
    ///
    /// - Parameters:
    ///   - experiment: what is trained, as resolved; nil in a deployment, where the run has it.
    /// - Throws: `occupied` if there is one in it, `io` if it cannot be made.
    init(creating url: URL, experiment: String?) throws(RunError) {
        self.url = url
        if FileManager.default.fileExists(atPath: url.appendingPathComponent(Self.recordName).path) {
            throw RunError(
                .occupied, "\(url.path) already holds a wafer.",
                remedy: "Choose another --output, or go on with it: volley wafer --resume \(url.path)")
        }
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw RunError(.io, "cannot make \(url.path): \(error.localizedDescription)")
        }
        guard let experiment else { return }
        try AtomicFile.write(Data(experiment.utf8), to: url.appendingPathComponent(Self.experimentName))
    }

    /// Opens the folder of an earlier wafer.
    ///
    /// - Throws: `occupied` if there is none in it.
    init(opening url: URL) throws(RunError) {
        self.url = url
        guard FileManager.default.fileExists(atPath: url.appendingPathComponent(Self.recordName).path) else {
            throw RunError(
                .occupied, "\(url.path) is not the folder of a wafer: it has no \(Self.recordName).",
                remedy: "Such a folder is what `volley wafer` prints as \"folder\".")
        }
    }

    /// The experiment as it was resolved when the wafer began.
    func experiment() throws -> Experiment {
        let url = url.appendingPathComponent(Self.experimentName)
        return try Experiment(yaml: String(decoding: AtomicFile.read(url), as: UTF8.self), source: url.path)
    }

    /// What is known so far.
    ///
    /// - Throws: `io` or `corrupt`.
    func record() throws(RunError) -> WaferRecord {
        let file = url.appendingPathComponent(Self.recordName)
        let data = try AtomicFile.read(file)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            return try decoder.decode(WaferRecord.self, from: data)
        } catch {
            throw RunError(
                .corrupt, "\(file.path) is not the record of a wafer: \(error.localizedDescription)",
                remedy: "Begin anew with another --output; the chips' runs are still in the folder.")
        }
    }

    /// Writes what is known so far, as JSON, table and picture.
    func write(_ record: WaferRecord) throws {
        try AtomicFile.write(RunFolder.json(record), to: url.appendingPathComponent(Self.recordName))
        try AtomicFile.write(Data(Self.csv(record).utf8), to: url.appendingPathComponent("wafer.csv"))
        guard record.testAccuracy != nil else { return }
        try AtomicFile.write(Data(Self.chart(record).svg().utf8), to: url.appendingPathComponent("wafer.svg"))
    }

    /// The folder of a chip's run.
    func run(serial: UInt64) -> URL { url.appendingPathComponent(Self.runName(serial: serial)) }

    /// The name of a chip's run inside the folder.
    static func runName(serial: UInt64) -> String { "serial-\(serial)" }

    /// A line for each chip that is done or has failed.
    private static func csv(_ record: WaferRecord) -> String {
        func text(_ value: Double?) -> String { value.map { "\($0)" } ?? "" }
        let header = "serial,test_accuracy,loss,training_accuracy,spikes_per_pattern,seconds,problem"
        let lines = record.chips.map { chip in
            let problem = (chip.problem ?? "").replacing("\"", with: "\"\"")
            return [
                "\(chip.serial)", text(chip.testAccuracy), text(chip.loss), text(chip.trainingAccuracy),
                text(chip.spikesPerPattern), text(chip.seconds), problem.isEmpty ? "" : "\"\(problem)\"",
            ].joined(separator: ",")
        }
        return ([header] + lines).joined(separator: "\n") + "\n"
    }

    private static func chart(_ record: WaferRecord) -> DistributionChart {
        var chart = DistributionChart(
            title: record.heading, x: Axis("test accuracy (%)"),
            groups: [.init("", record.accuracies.map { 100 * $0.accuracy })])
        chart.subtitle = DistributionChart.key
        return chart
    }
}
