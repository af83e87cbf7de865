import InTheLoop
import SpikeData
import Substrate

/// What is said before a run: the experiment, the device, the network, the data.
struct RunHeading {
    /// The lines, joined.
    let text: String

    /// The heading of a run.
    init(_ experiment: Experiment, trainer: Trainer, splits: DataSplits, folder: RunFolder) {
        var lines = ["volley \(VolleyVersion.current)  \(experiment.name): \(experiment.summary)"]
        lines.append("  device      \(Self.device(trainer.description))")
        for calibration in trainer.calibrations?.results ?? [] {
            lines.append("  calibration \(Self.calibration(calibration))")
        }
        lines.append("  network     \(Self.network(trainer))")
        if let warning = Self.miscalibration(trainer) { lines.append("warning: \(warning)") }
        lines.append(
            "  data        \(experiment.data.set): \(TextFormat.count(trainer.patternsPerEpoch)) training "
                + "and \(TextFormat.count(splits.test.count)) test patterns, "
                + "\(TextFormat.decimal(trainer.eventsPerPattern, 1)) input spikes each")
        lines.append("  run folder  \(folder.url.path)")
        if trainer.progress.step > 0 {
            lines.append(
                "  resumed     in epoch \(trainer.progress.epoch + 1), "
                    + "after \(TextFormat.count(trainer.progress.step)) minibatches")
        }
        text = lines.joined(separator: "\n")
    }

    private static func device(_ description: DeviceDescription?) -> String {
        guard let description else { return "none: the model on this machine" }
        let kind =
            switch description.kind {
            case .emulator: "emulated chip"
            case .board: "chip on a board"
            }
        return "\(kind), profile \(description.profile), serial \(description.serial)"
    }

    /// How many circuits a calibration brought near their targets, when, and its hash.
    private static func calibration(_ calibration: CalibrationResult) -> String {
        let good = calibration.succeeded.count { $0 }
        return "\(good) of \(calibration.circuitCount) neuron circuits within tolerance, "
            + "\(calibration.date), \(calibration.contentHash.prefix(12))"
    }

    /// Which neurons of the network lie on circuits that the calibration could not bring near their targets.
    private static func miscalibration(_ trainer: Trainer) -> String? {
        guard let set = trainer.calibrations, let geometry = trainer.description?.geometry else {
            return nil
        }
        let missed = trainer.placement.configuration.miscalibratedNeurons(by: set, on: geometry)
        guard let first = missed.first else { return nil }
        let parameters = first.parameters.map(\.name).joined(separator: ", ")
        return "\(missed.count) neurons of the network miss their targets after calibration; the first is neuron "
            + "\(first.neuron) on circuit \(first.circuit): \(parameters)"
    }

    /// Sizes of the layers, and how much of the chip they take.
    private static func network(_ trainer: Trainer) -> String {
        let network = trainer.network
        let inputs = network.layers.first?.weights.rows ?? 0
        var parts = ["\(inputs) inputs"]
        for layer in network.layers {
            let kind = layer.kind == .spiking ? "LIF" : "readouts"
            let recurrent = layer.recurrent == nil ? "" : "recurrent "
            parts.append("\(layer.weights.columns) \(recurrent)\(kind)")
        }
        let sizes = parts.joined(separator: " - ")
        guard let geometry = trainer.description?.geometry else { return sizes }
        let circuits = trainer.placement.inference.circuitCount(on: geometry)
        return "\(sizes), on \(circuits) of \(geometry.neuronCircuits) neuron circuits"
    }
}
