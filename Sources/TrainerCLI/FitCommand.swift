import ArgumentParser
import Foundation
import InTheLoop
import Substrate

/// `volley fit`.
struct FitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fit",
        abstract: "Fit a chip profile to a device, so that volleyd can emulate its like.",
        discussion: """
            Measures the spreads of all neuron circuits, synapses and CADC columns, and the
            noise, through batches and recordings only, and writes a chip profile with each
            number, its standard error and how it was measured. What no measurement tells
            (timing, energy, event paths, drift) is taken from the profile that it extends.

            EXAMPLES
              volley fit --device zmq+tcp://127.0.0.1:7755 --output mychip.yaml
                  a profile of the chip behind an address
              volleyd --profile ./mychip.yaml --serial 1
                  a virtual chip of this kind; every serial is another one
              volley fit --serial 7 > fitted.yaml
                  without --output the profile goes to standard output
              volley fit yinyang --device zmq+tcp://127.0.0.1:7755 --json
                  with the neurons of another experiment; every circuit's values
            """)

    @Argument(
        help: ArgumentHelp(
            "A preset, or an experiment file: its neurons are what is measured.",
            valueName: "experiment"))
    var experiment = "mnist16"

    @Option(name: .customLong("set"), help: ArgumentHelp("Set a field.", valueName: "field=value"))
    var settings: [String] = []

    @Option(
        help: ArgumentHelp(
            "Write the profile to this file, and a table to standard output.", valueName: "file"))
    var output: String?

    @Option(help: ArgumentHelp("Name of the profile.", valueName: "name"))
    var name = "fitted"

    @Option(
        help: ArgumentHelp(
            "The profile that holds what cannot be measured; `volleyd profile list` lists them.",
            valueName: "profile"))
    var extends = "bss2"

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print the result as JSON.")
    var json = false

    func validate() throws {
        if device.software {
            throw ValidationError("Software has no spreads to fit; leave out --software.")
        }
        for (option, text) in [("--name", name), ("--extends", extends), ("--output", output ?? "-")]
        where text.isEmpty {
            throw ValidationError("\(option) must not be empty.")
        }
    }

    func run() async throws {
        let experiment = try ExperimentSource(name: experiment).experiment(settings: settings)
        let opened = try await OpenedDevice.open(
            device.choice(else: DeviceOptions.firstChip), label: "volley fit")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            guard let device = opened.device else { return }
            let fit = try await Self.fit(device, for: experiment)
            await opened.close()
            try report(fit)
        } catch {
            await opened.close()
            throw error
        }
    }

    private static func fit(
        _ device: any SpikingDevice, for experiment: Experiment
    ) async throws -> ProfileFit {
        let display = FitDisplay(on: .diagnostics, environment: ProcessInfo.processInfo.environment)
        let description = try await device.describe()
        let fitter = try ProfileFitter(
            device, description: description, targets: experiment.neuronTargets(on: description.geometry))
        var nextBatch = Calibrator.firstBatch
        defer { display.end() }
        return try await fitter.run(nextBatch: &nextBatch, date: Date(), progress: display.show)
    }

    private func report(_ fit: ProfileFit) throws {
        let yaml = fit.yaml(name: name, extending: extends)
        if let output {
            try AtomicFile.write(Data(yaml.utf8), to: URL(fileURLWithPath: output))
        }
        if json {
            Console.output.line(String(decoding: RunFolder.json(fit), as: UTF8.self))
        } else if let output {
            Console.output.line(FitTable(fit, file: output).text)
        } else {
            Console.output.write(yaml)
        }
    }
}
