import ArgumentParser
import Foundation
import InTheLoop
import Substrate

/// `volley calibrate`.
struct CalibrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Find the codes that make a chip's neurons what an experiment needs.",
        discussion: """
            Measures all neuron circuits through batches and recordings, and searches the
            codes of leak, reset, threshold, time constants, synaptic gain and CADC offset.
            Training does this by itself when it has to. The result is kept in
            $VOLLEY_CACHE/calibrations, else $XDG_CACHE_HOME/volley/calibrations, else
            ~/.cache/volley/calibrations, by chip and targets.

            EXAMPLES
              volley calibrate
                  emulated chip 1 for the reference network (mnist16)
              volley calibrate yinyang --serial 7 --force
                  another chip and other targets, even if that was done before
              volley calibrate yinyang --device zmq+tcp://127.0.0.1:7755 --check
                  whether the calibration still fits: a quick probe, exit status 75 if not
              volley calibrate --set chip.threshold_lsb=125 --output codes.json
            """)

    @Argument(
        help: ArgumentHelp(
            "A preset, or an experiment file: what its neurons shall be is aimed at.",
            valueName: "experiment"))
    var experiment = "mnist16"

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a field.", valueName: "field=value"))
    var settings: [String] = []

    @Flag(help: "Calibrate even if there is a calibration already.")
    var force = false

    @Flag(help: "Only probe whether the calibration that is kept still fits the chip.")
    var check = false

    @Option(help: ArgumentHelp("Write the calibration to this file too.", valueName: "file"))
    var output: String?

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if device.software {
            throw ValidationError("Software needs no calibration; leave out --software.")
        }
        if check, force || output != nil {
            throw ValidationError("--check only measures; leave out --force and --output.")
        }
    }

    func run() async throws {
        let experiment = try ExperimentSource(name: experiment).experiment(settings: settings)
        let opened = try await OpenedDevice.open(
            device.choice(else: DeviceOptions.firstChip), label: "volley calibrate")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            guard let device = opened.device else { return }
            let description = try await device.describe()
            let work = CalibrationWork(
                device: device, description: description,
                targets: experiment.neuronTargets(on: description.geometry),
                cache: CalibrationCache(environment: ProcessInfo.processInfo.environment))
            let isStale = check ? try await probe(work) : try await calibrate(work)
            await opened.close()
            if isStale { throw ExitCode(ExitStatus.stale.rawValue) }
        } catch {
            await opened.close()
            throw error
        }
    }

    /// Calibrates, or takes what is kept; never stale.
    private func calibrate(_ work: CalibrationWork) async throws -> Bool {
        let (result, origin) = try await work.calibration(fresh: force)
        var files = work.file.map { [$0.path] } ?? []
        if let output {
            try AtomicFile.write(result.encoded, to: URL(fileURLWithPath: output))
            files.append(output)
        }
        let report = CalibrationReport(
            result, isFresh: origin == .fresh, age: result.age(at: Date()), files: files)
        Console.output.line(
            json ? String(decoding: RunFolder.json(report), as: UTF8.self) : CalibrationTable(report).text)
        return false
    }

    /// Probes what is kept, and says whether it is stale.
    private func probe(_ work: CalibrationWork) async throws -> Bool {
        let (result, report) = try await work.probe()
        let check = CalibrationCheck(
            device: result.device, targets: result.targets, contentHash: result.contentHash,
            ageSeconds: result.age(at: Date()), isStale: report.isStale, probe: report)
        Console.output.line(
            json ? String(decoding: RunFolder.json(check), as: UTF8.self) : CalibrationTable(check).text)
        return report.isStale
    }
}
