import ArgumentParser
import Foundation
import InTheLoop
import SpikeData
import Substrate

/// `volley evaluate`.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Run trained weights over the test set, without learning.",
        discussion: """
            EXAMPLES
              volley evaluate runs/NAME
                  on the device that it was trained on; a software run on emulated chip 1
              volley evaluate runs/NAME --serial 8
                  on another chip of the same kind, without retraining
              volley evaluate runs/NAME --profile ideal
                  on another kind of chip
              volley evaluate runs/NAME --software --json
            """)

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "folder"))
    var run: String

    @Option(help: ArgumentHelp("Folder that holds the data set.", valueName: "folder"))
    var data: String?

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func run() async throws {
        let folder = try RunFolder(opening: URL(fileURLWithPath: run))
        let record = try RunRecord(of: folder)
        // No training here: one sample is encoded instead of all.
        let experiment = try Experiment(
            yaml: folder.text("experiment.yaml"), source: "\(run)/experiment.yaml",
            overrides: [("data.training_samples", "1")])
        guard let (checkpoint, damaged) = try folder.latestCheckpoint() else {
            throw CommandError(.badInput, "\(run) holds no checkpoint yet.")
        }
        for error in damaged { Console.diagnostics.line("warning: \(error.detail)") }
        let splits = try DataLibrary(
            folder: data ?? record.dataFolder, environment: ProcessInfo.processInfo.environment
        ).load(experiment.data.set)
        let fallback =
            record.choice == .software ? DeviceOptions.firstChip : record.choice
        let opened = try await OpenedDevice.open(
            device.choice(else: fallback), label: "volley evaluate \(experiment.name)")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            let calibrations = try await opened.calibrations(for: experiment, keptIn: folder)
            var trainer = try await Trainer(
                experiment, data: splits, device: opened.device, calibrations: calibrations)
            try trainer.restore(checkpoint, source: run)
            let line = ProgressLine(
                epochs: max(1, trainer.progress.epoch), hasDevice: trainer.description != nil,
                style: Console.diagnostics.style(environment: ProcessInfo.processInfo.environment))
            let progress = TerminalProgress(line, on: .diagnostics, stop: StopRequest())
            let report = try await trainer.evaluate(observer: progress)
            progress.end()
            await opened.close()
            let result = EvaluationResult(
                experiment: experiment.name, report, trainedOn: record.device,
                device: trainer.description)
            Console.output.line(
                json ? String(decoding: RunFolder.json(result), as: UTF8.self) : result.text)
        } catch {
            await opened.close()
            throw error
        }
    }
}

/// What an evaluation came to.
struct EvaluationResult: Encodable {
    /// The experiment's name.
    var experiment: String
    /// Share of test patterns classified correctly.
    var testAccuracy: Double
    /// Mean loss without penalties.
    var testLoss: Double
    /// Test patterns.
    var patterns: Int
    /// Hidden spikes per pattern; nil where the device did not count them.
    var spikesPerPattern: Double?
    /// Patterns per wall second.
    var patternsPerSecond: Double
    /// Chip time in all, in seconds; zero in software.
    var chipSeconds: Double
    /// Energy of the chip in all, in joules; zero in software.
    var energyJoules: Double
    /// Chip time and energy by part; nil in software.
    var chipCosts: ChipCosts?
    /// Where all events went; nil in software.
    var eventAccounting: EventAccounting?
    /// The device that the weights were trained on; nil for software.
    var trainedOn: DeviceDescription?
    /// The device here; nil for software.
    var device: DeviceDescription?

    /// The result of an evaluation.
    init(
        experiment: String, _ report: Evaluation.Report, trainedOn: DeviceDescription?,
        device: DeviceDescription?
    ) {
        self.experiment = experiment
        testAccuracy = report.accuracy
        testLoss = report.loss
        patterns = report.patterns
        // Spikes are not read out in an evaluation, and a device may then leave them uncounted.
        spikesPerPattern = device == nil || report.hiddenSpikes > 0 ? report.spikesPerPattern : nil
        patternsPerSecond = report.seconds > 0 ? Double(report.patterns) / report.seconds : 0
        chipSeconds = report.execution.chipSeconds
        energyJoules = report.execution.energy
        chipCosts = device.map { _ in ChipCosts(report.execution) }
        eventAccounting = device.map { _ in report.accounting }
        self.trainedOn = trainedOn
        self.device = device
    }

    /// The result in words.
    var text: String {
        var lines = [
            "\"\(experiment)\" trained on \(Self.words(trainedOn)), evaluated on \(Self.words(device))",
            "",
            "  test accuracy  \(TextFormat.percent(testAccuracy)) of \(TextFormat.count(patterns)) patterns, "
                + "loss \(TextFormat.decimal(testLoss, 3))",
            "  this machine   \(TextFormat.decimal(patternsPerSecond)) patterns/s",
        ]
        if let spikesPerPattern {
            lines.append(
                "  activity       \(TextFormat.decimal(spikesPerPattern, 1)) hidden spikes per pattern")
        }
        if let chipCosts, patterns > 0 {
            let time = TextFormat.engineering(chipSeconds / Double(patterns), "s")
            let energy = TextFormat.engineering(energyJoules / Double(patterns), "J")
            lines.append("  chip time      \(time) per pattern: \(chipCosts.timeText(per: patterns))")
            lines.append("  chip energy    \(energy) per pattern: \(chipCosts.energyText(per: patterns))")
        }
        return lines.joined(separator: "\n")
    }

    private static func words(_ device: DeviceDescription?) -> String {
        guard let device else { return "software" }
        return "\(device.kind.rawValue) \(device.profile) serial \(device.serial)"
    }
}
