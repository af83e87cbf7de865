import ArgumentParser
import Foundation
import InTheLoop
import SpikeData
import Substrate

/// `volley train`.
struct TrainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network in the loop, or in software.",
        discussion: """
            EXAMPLES
              volley train yinyang
                  on an emulated chip that volley starts and stops
              volley train mnist16 --data DIR --epochs 5 --seed 3
              volley train my.yaml --device zmq+tcp://127.0.0.1:7755
                  an experiment of your own on a running daemon or a board
              volley train yinyang --software
                  the same experiment without a chip
              volley train yinyang --set network.hidden.0.size=30 --set training.epochs=5
                  with other values of some fields
              volley train --resume runs/NAME
                  go on with a run that was stopped, bit for bit

            Presets: \(Presets.names.joined(separator: ", ")).
            `volley experiment fields` documents every field of an experiment.
            Ctrl-C saves a checkpoint and stops.
            """)

    @Argument(help: ArgumentHelp("A preset, or an experiment file.", valueName: "experiment"))
    var experiment: String?

    @Option(help: ArgumentHelp("Go on with the run in this folder.", valueName: "folder"))
    var resume: String?

    @Option(help: ArgumentHelp("Passes over the training samples.", valueName: "number"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Seed of weights, sample order and the emulated chip's temporal noise.",
            valueName: "number"))
    var seed: UInt64?

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a field.", valueName: "field=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Folder that holds the data set.", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp("Folder for the run (default: runs/NAME-DATE).", valueName: "folder"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Threads of this machine's kernels; results do not depend on it (default: one a core).",
            valueName: "number"))
    var threads: Int?

    @Option(
        help: ArgumentHelp(
            "Draw who works when in \(TimelineFile.steps) training steps, as an SVG picture.",
            valueName: "file"))
    var timeline: String?

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print the summary as JSON.")
    var json = false

    func validate() throws {
        if (experiment == nil) == (resume == nil) {
            throw ValidationError(
                experiment == nil
                    ? "Name an experiment (\(Presets.names.joined(separator: ", ")), or a file), "
                        + "or a run to --resume."
                    : "--resume goes on with the experiment of the run; leave \"\(experiment ?? "")\" out.")
        }
        if resume != nil, seed != nil || !settings.isEmpty || output != nil {
            throw ValidationError(
                "--resume goes on with a run as it is; leave out --seed, --set and --output.")
        }
        if let threads, !(1...1_024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024.")
        }
    }

    func run() async throws {
        if let timeline { try TimelineFile.check(timeline) }
        let stop = StopRequest()
        let watch = SignalWatch.asking(stop, telling: .diagnostics)
        defer { watch.end() }
        if let resume {
            let folder = try RunFolder(opening: URL(fileURLWithPath: resume))
            let record = try RunRecord(of: folder)
            let source = "\(resume)/experiment.yaml"
            let overrides = epochs.map { [(path: "training.epochs", value: "\($0)")] } ?? []
            let experiment = try Experiment(
                yaml: folder.text("experiment.yaml"), source: source, overrides: overrides)
            try await run(
                experiment, on: device.choice(else: record.choice), dataFolder: data ?? record.dataFolder,
                resuming: (folder, record), stop: stop)
        } else {
            let experiment = try ExperimentSource(name: experiment ?? "")
                .experiment(settings: settings, seed: seed, epochs: epochs)
            try await run(
                experiment, on: device.choice(else: DeviceOptions.firstChip), dataFolder: data, resuming: nil,
                stop: stop)
        }
    }

    private func run(
        _ experiment: Experiment, on choice: DeviceChoice, dataFolder: String?,
        resuming earlier: (folder: RunFolder, record: RunRecord)?, stop: StopRequest
    ) async throws {
        let splits = try DataLibrary(
            folder: dataFolder, environment: ProcessInfo.processInfo.environment
        ).load(experiment.data.set)
        let opened = try await OpenedDevice.open(choice, label: "volley train \(experiment.name)")
        do {
            let calibrations = try await opened.calibrations(for: experiment, keptIn: earlier?.folder)
            var trainer = try await Trainer(
                experiment, data: splits, device: opened.device, calibrations: calibrations,
                threads: threads ?? ProcessInfo.processInfo.activeProcessorCount)
            let folder = try await prepare(
                &trainer, experiment, choice: choice, dataFolder: dataFolder, earlier: earlier)
            Console.diagnostics.line(
                RunHeading(experiment, trainer: trainer, splits: splits, folder: folder).text)
            if timeline != nil { trainer.watch(steps: TimelineFile.steps) }
            let isDone = try await train(&trainer, experiment, folder: folder, stop: stop)
            await opened.close()
            guard isDone else { throw Self.stopped(trainer, folder) }
            try report(trainer, folder: folder, testPatterns: splits.test.count)
        } catch {
            await opened.close()
            throw error
        }
    }

    /// Makes the run's folder, or takes the run up where its last checkpoint left it.
    private func prepare(
        _ trainer: inout Trainer, _ experiment: Experiment, choice: DeviceChoice,
        dataFolder: String?, earlier: (folder: RunFolder, record: RunRecord)?
    ) async throws -> RunFolder {
        if let folder = earlier?.folder, var record = earlier?.record {
            if !device.isGiven { try record.check(trainer.description) }
            if let (checkpoint, damaged) = try folder.latestCheckpoint() {
                for error in damaged { Console.diagnostics.line("warning: \(error.detail)") }
                try trainer.restore(checkpoint, source: folder.url.path)
            }
            if device.isGiven {
                let notice = record.move(to: choice, trainer.description, after: trainer.progress.step)
                if let notice { Console.diagnostics.line(notice) }
                if let calibrations = trainer.calibrations { try folder.save(calibrations) }
                try folder.write(record, to: "run.json")
            }
            return folder
        }
        let path = output ?? "runs/\(experiment.name)-\(Self.date(Date()))"
        let folder = try RunFolder(creating: URL(fileURLWithPath: path))
        try folder.write(experiment.resolved, to: "experiment.yaml")
        let absolute = dataFolder.map { URL(fileURLWithPath: $0).path }
        if let calibrations = trainer.calibrations { try folder.save(calibrations) }
        try folder.write(
            RunRecord(choice: choice, device: trainer.description, dataFolder: absolute), to: "run.json")
        return folder
    }

    private func train(
        _ trainer: inout Trainer, _ experiment: Experiment, folder: RunFolder, stop: StopRequest
    ) async throws -> Bool {
        let environment = ProcessInfo.processInfo.environment
        let line = ProgressLine(
            epochs: experiment.training.epochs, hasDevice: trainer.description != nil,
            style: Console.diagnostics.style(environment: environment))
        let progress = TerminalProgress(line, on: .diagnostics, stop: stop)
        defer { progress.end() }
        do {
            return try await trainer.train(folder: folder, observer: progress)
        } catch {
            guard (try? folder.latestCheckpoint()) ?? nil != nil else { throw error }
            progress.end()
            let status = ExitStatus(of: error) ?? .fault
            throw CommandError(status, "\(error)\n\(Self.resumption(folder))")
        }
    }

    private func report(_ trainer: Trainer, folder: RunFolder, testPatterns: Int) throws {
        let summary = trainer.summary
        try folder.write(summary, to: "summary.json")
        if json {
            Console.output.line(String(decoding: RunFolder.json(summary), as: UTF8.self))
        } else {
            let path = Self.shown(folder)
            Console.output.line(
                "\n" + SummaryTable(summary, folder: path, testPatterns: testPatterns).text)
        }
        if let timeline, let steps = trainer.timeline {
            let file = TimelineFile(steps)
            try file.write(to: timeline)
            Console.diagnostics.line("\(timeline): \(file.text)")
        }
    }

    private static func stopped(_ trainer: Trainer, _ folder: RunFolder) -> CommandError {
        CommandError(
            .interrupted,
            "stopped in epoch \(trainer.progress.epoch + 1), after \(trainer.progress.step) minibatches; "
                + "a checkpoint is saved.\n\(resumption(folder))")
    }

    private static func resumption(_ folder: RunFolder) -> String {
        "Go on with: volley train --resume \(shown(folder))"
    }

    private static func shown(_ folder: RunFolder) -> String { shown(folder.url) }

    /// A folder's path, from here if it lies below.
    static func shown(_ url: URL) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        let path = url.path
        return path.hasPrefix(here) ? String(path.dropFirst(here.count)) : path
    }

    /// A time as the name of a folder: 20260131-142501, in the user's own zone.
    static func date(_ date: Date) -> String {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: date)
        func two(_ value: Int?) -> String { (value ?? 0) < 10 ? "0\(value ?? 0)" : "\(value ?? 0)" }
        return "\(parts.year ?? 0)\(two(parts.month))\(two(parts.day))-"
            + "\(two(parts.hour))\(two(parts.minute))\(two(parts.second))"
    }
}
