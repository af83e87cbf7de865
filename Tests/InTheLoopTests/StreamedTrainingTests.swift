import ChipEmulator
import Foundation
import InTheLoop
import SpikeData
import Substrate
import Synchronization
import Testing

/// A chip that hands slices on in one way or another; what a run comes to must not show it.
private final class StreamingDevice: SpikingDevice {
    enum Manner: Sendable {
        /// Slice by slice.
        case streamed
        /// The first slices of every batch come twice, as after a link that was lost among them.
        case begunAnew
        /// The chip computes in other lengths than are wanted.
        case computedInSlices(of: Int)
    }

    let manner: Manner
    private let chip = Mutex(EmulatedChip(profile: .calibrated, serial: 1, threads: 2))
    private let slices = Mutex(0)
    private let expected = Mutex(0)

    init(_ manner: Manner) { self.manner = manner }

    /// Slices that were handed on, and inputs that were told ahead.
    var counts: (slices: Int, expected: Int) {
        (slices.withLock { $0 }, expected.withLock { $0 })
    }

    func describe() async throws(DeviceError) -> DeviceDescription {
        chip.withLock { $0.description }
    }

    func run(_ batch: DeviceBatch) async throws(DeviceError) -> Recording {
        try computed(batch, slicesOf: max(1, batch.inputs.entryCount))
    }

    func run(
        _ batch: DeviceBatch, slicesOf length: Int, next: @escaping @Sendable () -> ExpectedInputs?,
        receive: @escaping @Sendable (RecordingSlice) -> Void
    ) async throws(DeviceError) -> RecordingTotals {
        if next() != nil { expected.withLock { $0 += 1 } }
        var computedLength = length
        if case .computedInSlices(let other) = manner { computedLength = other }
        let recording = try computed(batch, slicesOf: computedLength)
        let all = recording.slices(of: length)
        if case .begunAnew = manner { for slice in all.dropLast() { receive(slice) } }
        for slice in all { receive(slice) }
        slices.withLock { $0 += all.count }
        return recording.totals
    }

    private func computed(_ batch: DeviceBatch, slicesOf length: Int) throws(DeviceError) -> Recording {
        let result: Result<Recording, DeviceError> = chip.withLock { chip in
            do throws(DeviceError) {
                var slices: [RecordingSlice] = []
                let totals = try chip.run(batch, slicesOf: length) { slices.append($0) }
                return .success(Recording(joining: slices, totals: totals))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

@Suite struct StreamedTrainingTests {
    private func trained(on device: any SpikingDevice, slice: Int) async throws -> Trainer {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "volley-streamed-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let experiment = try Experiment(
            yaml: Presets.yaml("yinyang") ?? "", source: "yinyang",
            overrides: [
                ("training.epochs", "1"), ("data.training_samples", "640"), ("training.slice", "\(slice)"),
                ("training.dropout", "0.1"),
            ].map { (path: $0.0, value: $0.1) })
        var trainer = try await Trainer(
            experiment, data: YinYang.splits(), device: device, threads: 2)
        trainer.watch(steps: 3)
        #expect(try await trainer.train(folder: RunFolder(creating: folder), observer: Watcher()))
        return trainer
    }

    private func weights(_ trainer: Trainer) -> [[Float]] {
        trainer.network.layers.map(\.weights.values)
    }

    @Test func howSlicesComeDoesNotChangeABit() async throws {
        let reference = try await trained(
            on: EmulatedDevice(EmulatedChip(profile: .calibrated, serial: 1)), slice: 30)
        for manner in [
            StreamingDevice.Manner.streamed, .begunAnew, .computedInSlices(of: 7), .computedInSlices(of: 1_000),
        ] {
            let device = StreamingDevice(manner)
            let trainer = try await trained(on: device, slice: 30)
            #expect(weights(trainer) == weights(reference), "\(manner)")
            #expect(
                trainer.progress.history.map(\.loss) == reference.progress.history.map(\.loss), "\(manner)")
            // Six minibatches of 100 in four slices, and one of 40 in two.
            #expect(device.counts.slices == 26, "\(manner)")
            #expect(device.counts.expected == 6, "every step but the last tells the next one's inputs")
        }
    }

    @Test func theLengthOfSlicesChangesTheOrderOfSumsAlone() async throws {
        func firstStep(slice: Int) async throws -> [[Float]] {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "volley-streamed-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            let experiment = try Experiment(
                yaml: Presets.yaml("yinyang") ?? "", source: "yinyang",
                overrides: [
                    ("training.epochs", "1"), ("data.training_samples", "100"), ("training.slice", "\(slice)"),
                    ("objective.burst", "0.01"), ("objective.weight_decay", "0.1"),
                ].map { (path: $0.0, value: $0.1) })
            var trainer = try await Trainer(
                experiment, data: YinYang.splits(), device: StreamingDevice(.streamed))
            _ = try await trainer.train(folder: RunFolder(creating: folder), observer: Watcher())
            return weights(trainer)
        }
        let whole = try await firstStep(slice: 100)
        for slice in [1, 30, 50] {
            let sliced = try await firstStep(slice: slice)
            for (left, right) in zip(whole, sliced) {
                // Adam's first step is the learning rate times the sign of the gradient, so that a wrong weight of a
                // slice would show as a step of 1.5e-3 or more wherever it turned a sign.
                let moved = zip(left, right).count { abs($0 - $1) > 1e-5 }
                #expect(moved <= left.count / 100, "\(moved) of \(left.count) weights, slices of \(slice)")
            }
        }
    }

    @Test func aTimelineTellsWhoWorkedInTheStepsThatWereWatched() async throws {
        let trainer = try await trained(on: StreamingDevice(.streamed), slice: 50)
        let timeline = try #require(trainer.timeline)
        #expect(timeline.steps == 3)
        #expect(timeline.firstStep == 3, "in the middle of seven")
        #expect(timeline.spans.allSatisfy { $0.from >= 0 && $0.from < $0.to })
        for task in LoopTimeline.Task.allCases where ![.link, .chip].contains(task) {
            #expect(timeline.spans.contains { $0.task == task }, "\(task)")
        }
        let host = timeline.share(of: LoopTimeline.host)
        #expect(host > 0 && host <= 1)
        #expect(timeline.share(of: Set(LoopTimeline.Task.allCases)) <= 1.000_001)
        let split = trainer.summary.splitSeconds
        let sum = split.host + split.link + split.device
        #expect(abs(sum - trainer.summary.trainingSeconds) < 1e-9, "\(split)")
        #expect(split.host >= 0 && split.link >= 0 && split.device >= 0, "\(split)")
    }
}
