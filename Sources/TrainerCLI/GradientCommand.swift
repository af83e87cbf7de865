import ArgumentParser
import Foundation
import InTheLoop
import SpikeData

/// `volley gradient`.
struct GradientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradient",
        abstract: "Write one training step, laid open, as safetensors.",
        discussion: """
            The file holds inputs, labels, weights, what was measured, the loss and all
            gradients, and as metadata every constant of the model, so that any other
            framework can check the step.

            EXAMPLES
              volley gradient yinyang --output step.safetensors
                  the first step of an experiment, on emulated chip 1
              volley gradient yinyang --software --output step.safetensors
              volley gradient --resume runs/NAME --output step.safetensors
                  the step that the run would do next
            """)

    @Argument(help: ArgumentHelp("A preset, or an experiment file.", valueName: "experiment"))
    var experiment: String?

    @Option(help: ArgumentHelp("Take the step that follows this run's.", valueName: "folder"))
    var resume: String?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Seed of weights and sample order.", valueName: "number"))
    var seed: UInt64?

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a field.", valueName: "field=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Folder that holds the data set.", valueName: "folder"))
    var data: String?

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print loss, shapes and metadata as JSON.")
    var json = false

    func validate() throws {
        if (experiment == nil) == (resume == nil) {
            throw ValidationError("Name either an experiment or a run to --resume.")
        }
        if resume != nil, seed != nil || !settings.isEmpty {
            throw ValidationError("--resume takes a run as it is; leave out --seed and --set.")
        }
    }

    func run() async throws {
        let earlier = try resume.map { try RunFolder(opening: URL(fileURLWithPath: $0)) }
        let record = try earlier.map { try RunRecord(of: $0) }
        let experiment =
            if let earlier {
                try Experiment(
                    yaml: earlier.text("experiment.yaml"), source: "\(resume ?? "")/experiment.yaml")
            } else {
                try ExperimentSource(name: experiment ?? "")
                    .experiment(settings: settings, seed: seed)
            }
        let splits = try DataLibrary(
            folder: data ?? record?.dataFolder, environment: ProcessInfo.processInfo.environment
        ).load(experiment.data.set)
        let opened = try await OpenedDevice.open(
            device.choice(else: record?.choice ?? DeviceOptions.firstChip),
            label: "volley gradient \(experiment.name)")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            let calibrations = try await opened.calibrations(for: experiment, keptIn: earlier)
            var trainer = try await Trainer(
                experiment, data: splits, device: opened.device, calibrations: calibrations)
            if let earlier, let (checkpoint, _) = try earlier.latestCheckpoint() {
                try trainer.restore(checkpoint, source: earlier.url.path)
            }
            let export = try await trainer.gradientExport()
            await opened.close()
            try write(export)
        } catch {
            await opened.close()
            throw error
        }
    }

    private func write(_ export: GradientExport) throws {
        do {
            try export.file.encoded().write(to: URL(fileURLWithPath: output), options: .atomic)
        } catch {
            throw CommandError(
                .inputOutput, "cannot write \(output): \(error.localizedDescription)")
        }
        let shapes = export.file.tensors.mapValues(\.shape)
        if json {
            let result = Result(
                file: output, loss: export.loss, shapes: shapes, metadata: export.file.metadata)
            Console.output.line(String(decoding: RunFolder.json(result), as: UTF8.self))
        } else {
            Console.output.line("\(output): loss \(export.loss)")
            for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
                let text = shape.map(String.init).joined(separator: " x ")
                Console.output.line("  \(TextFormat.left(name, 16)) \(text)")
            }
        }
    }

    /// What `--json` prints.
    private struct Result: Encodable {
        var file: String
        var loss: Double
        var shapes: [String: [Int]]
        var metadata: [String: String]
    }
}
