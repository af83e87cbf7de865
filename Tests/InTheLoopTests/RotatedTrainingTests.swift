import Foundation
import InTheLoop
import SpikeData
import SpikingNetworks
import Testing

/// Training on images that every epoch turns anew.
@Suite struct RotatedTrainingTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-rotated-\(UUID().uuidString)")

    /// Bars: upright ones are of class 0, lying ones of class 1.
    private func bars(_ count: Int, first: Int) -> DataSet {
        let side = 16
        var pixels: [UInt8] = []
        for sample in first..<first + count {
            let place = 3 + sample / 2 % 9
            for row in 0..<side {
                for column in 0..<side {
                    let across = sample % 2 == 0 ? column : row
                    pixels.append(abs(across - place) < 3 ? 255 : 0)
                }
            }
        }
        return DataSet(
            name: "bars", imageShape: ImageShape(rows: side, columns: side), classCount: 10, pixels: pixels,
            labels: (first..<first + count).map { UInt8($0 % 2) })
    }

    private func train(degrees: Double, stopAfter: [Int] = []) async throws -> Trainer {
        let experiment = try Experiment(
            yaml: try #require(Presets.yaml("mnist16")), source: "mnist16",
            overrides: [
                // With the usual weights so few neurons would be silent.
                ("network.hidden.0.size", "40"), ("network.hidden_mean", "0.02"),
                ("training.epochs", "3"), ("training.batch_size", "20"),
                ("training.rotation_degrees", "\(degrees)"),
            ])
        let data = DataSplits(train: bars(200, first: 0), validation: nil, test: bars(40, first: 200))
        try? FileManager.default.removeItem(at: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        for steps in stopAfter + [.max] {
            var trainer = try await Trainer(experiment, data: data, device: nil)
            if let loaded = try run.latestCheckpoint() { try trainer.restore(loaded.checkpoint, source: "test") }
            if try await trainer.train(folder: run, observer: Watcher(stopAfter: steps)) { return trainer }
        }
        throw CancellationError()
    }

    private func losses(_ trainer: Trainer) -> [Double] { trainer.progress.history.map(\.loss) }

    @Test func anglesAreThoseOfTheEpochWhereverARunIsInterrupted() async throws {
        let whole = try await train(degrees: 20)
        // In the middle of the first epoch, and of the second.
        let broken = try await train(degrees: 20, stopAfter: [4, 13])
        #expect(broken.network.layers.map(\.weights) == whole.network.layers.map(\.weights))
        #expect(losses(broken) == losses(whole))
    }

    @Test func turnedImagesAreHarderAndUprightOnesAreTested() async throws {
        let upright = try await train(degrees: 0)
        let turned = try await train(degrees: 90)
        #expect(losses(turned).allSatisfy { $0 > 0 } && losses(turned) != losses(upright))
        // Bars turned by up to 90 degrees lie across each other's places.
        #expect(losses(turned)[2] > 1.2 * losses(upright)[2], "\(losses(upright)), \(losses(turned))")
    }
}
