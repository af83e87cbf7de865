import ArgumentParser
import Foundation
import InTheLoop
import SpikeData

/// `volley wafer`.
struct WaferCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wafer",
        abstract: "Train or evaluate on many chips of a kind, and report the distribution.",
        discussion: """
            A serial is a chip: the same process, another draw of all its deviations. An
            experiment is trained on each chip anew; the weights of a run are evaluated
            on each chip as they are.

            EXAMPLES
              volley wafer yinyang --serials 1...20
                  train on twenty chips, one after another
              volley wafer runs/NAME --serials 1...100
                  how well the weights of a run do on chips that they do not know
              volley wafer yinyang --profile ideal --chip-set mismatch.leak_lsb=2 --epochs 5
                  chips of another kind
              volley wafer --resume runs/yinyang-wafer-NAME
                  go on with what was stopped, and try again what failed

            The folder gets wafer.json, wafer.csv, wafer.svg, and a run for each chip that
            was trained on. A chip that fails is reported and does not stop the others.
            Ctrl-C keeps what is done.
            """)

    @Argument(
        help: ArgumentHelp(
            "A preset or an experiment file to train, or the folder of a run to evaluate.", valueName: "experiment|run")
    )
    var subject: String?

    @Option(help: ArgumentHelp("Which chips, such as 1...20 or 1,5,7...9 (default: 1...10).", valueName: "numbers"))
    var serials: WaferSerials?

    @Option(
        help: ArgumentHelp(
            "What kind of emulated chip: a name (`volleyd profile list`) or a profile's file.",
            valueName: "name|file"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "Set a field of the chips' profile (`volleyd profile fields`); may be repeated.",
            valueName: "field=value"))
    var chipSet: [String] = []

    @Option(
        help: ArgumentHelp(
            "Chips at a time; results do not depend on it (default: one for each core).", valueName: "number"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Go on with the wafer in this folder.", valueName: "folder"))
    var resume: String?

    @Option(help: ArgumentHelp("Passes over the training samples.", valueName: "number"))
    var epochs: Int?

    @Option(
        help: ArgumentHelp(
            "Seed of weights, sample order and temporal noise, the same on each chip.", valueName: "number"))
    var seed: UInt64?

    @Flag(help: "Each chip's seed is its serial, so that not only the chips differ.")
    var ownSeeds = false

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a field of the experiment.", valueName: "field=value"))
    var settings: [String] = []

    @Option(help: ArgumentHelp("Folder that holds the data set.", valueName: "folder"))
    var data: String?

    @Option(
        help: ArgumentHelp("Folder for the results (default: runs/NAME-wafer-DATE).", valueName: "folder"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "Threads of this machine's kernels for a chip (default: all cores, shared by the jobs).",
            valueName: "number"))
    var threads: Int?

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if (subject == nil) == (resume == nil) {
            throw ValidationError(
                subject == nil
                    ? "Name an experiment (\(Presets.names.joined(separator: ", ")), or a file), a run, "
                        + "or a wafer to --resume."
                    : "--resume goes on with what the wafer was begun with; leave \"\(subject ?? "")\" out.")
        }
        let isNew =
            seed != nil || ownSeeds || epochs != nil || !settings.isEmpty || output != nil || profile != nil
            || !chipSet.isEmpty
        if resume != nil, isNew {
            throw ValidationError(
                "--resume goes on with a wafer as it is; leave out --seed, --own-seeds, --epochs, --set, --output, "
                    + "--profile and --chip-set. --serials may name more chips.")
        }
        if seed != nil, ownSeeds {
            throw ValidationError("--own-seeds gives each chip its serial as seed; leave out --seed.")
        }
        try DeviceOptions.check(chipSet: chipSet)
        for (name, value, limit) in [("--jobs", jobs, 256), ("--threads", threads, 1_024)] {
            if let value, !(1...limit).contains(value) {
                throw ValidationError("\(name) \(value) is not in 1...\(limit).")
            }
        }
    }

    func run() async throws {
        var (work, record) = try resume.map(resumed) ?? begun()
        if let serials { record.serials = WaferSerials(record.serials + serials.numbers).numbers }
        try work.folder.write(record)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let jobs = jobs ?? max(1, min(cores, record.missing.count))
        work.threads = threads ?? max(1, cores / jobs)
        let stop = StopRequest()
        let watch = SignalWatch {
            // The daemons end with this process: they watch a pipe that it holds.
            if stop.request() { _exit(ExitStatus.interrupted.rawValue) }
            Console.diagnostics.line("\nStopping; what is done is kept. Once more stops at once.")
        }
        defer { watch.end() }
        Console.diagnostics.line(heading(work, record))
        let progress = WaferProgress(
            total: record.serials.count, done: record.accuracies.count, on: .diagnostics,
            style: Console.diagnostics.style(environment: ProcessInfo.processInfo.environment))
        var session = WaferSession(work, record: record, jobs: jobs, progress: progress, stop: stop)
        let folder = TrainCommand.shown(work.folder.url)
        let failure: ExitStatus?
        do {
            failure = try await session.run()
        } catch {
            let status = ExitStatus(of: error) ?? .fault
            throw CommandError(status, "\(error)\nGo on with: volley wafer --resume \(folder)")
        }
        Console.output.line(
            json
                ? String(decoding: RunFolder.json(session.record), as: UTF8.self)
                : "\n" + WaferTable(session.record, folder: folder).text)
        if let failure {
            Console.diagnostics.line("Try the failed chips again with: volley wafer --resume \(folder)")
            throw ExitCode(failure.rawValue)
        }
    }

    private func heading(_ work: WaferWork, _ record: WaferRecord) -> String {
        let verb = work.weights == nil ? "training" : "evaluating"
        let serials = WaferSerials(record.serials).text
        return "volley \(VolleyVersion.current)  \(verb) \"\(record.experiment)\" on \(record.serials.count) chips, "
            + "serials \(serials)\n  folder  \(work.folder.url.path)"
    }
}
