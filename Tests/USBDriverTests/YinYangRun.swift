import Foundation
import InTheLoop
import SpikeData
import Substrate

/// A small Yin-Yang training: what it ended with, and what it cost.
struct YinYangRun {
    var weights: [[Float]]
    var losses: [Double]
    /// Training patterns a second.
    var rate: Int
    var seconds: Double
    /// Processor time of this process, in seconds.
    var processor: Double

    /// Trains on a device, with other values of some fields.
    init(on device: any SpikingDevice, settings: [(path: String, value: String)] = []) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "volley-usb-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let epochs = ProcessInfo.processInfo.environment["VOLLEY_CAMPAIGN"] == nil ? 2 : 60
        let experiment = try Experiment(
            yaml: Presets.yaml("yinyang") ?? "", source: "yinyang",
            overrides: [
                (path: "training.epochs", value: "\(epochs)"), (path: "data.training_samples", value: "1000"),
                (path: "network.hidden.0.size", value: "30"),
            ] + settings)
        var trainer = try await Trainer(experiment, data: YinYang.splits(), device: device)
        let (begin, before) = (ContinuousClock.now, Self.processorSeconds())
        _ = try await trainer.train(folder: RunFolder(creating: folder), observer: SilentObserver())
        let totals = trainer.progress.totals
        weights = trainer.network.layers.map(\.weights.values)
        losses = trainer.progress.history.map(\.loss)
        rate = Int(Double(totals.trainingPatterns) / totals.trainingSeconds)
        seconds = begin.duration(to: .now) / .seconds(1)
        processor = Self.processorSeconds() - before
    }

    private static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
