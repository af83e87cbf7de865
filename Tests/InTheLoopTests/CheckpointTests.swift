import Foundation
import InTheLoop
import SpikingNetworks
import Tensors
import Testing

/// Checkpoints survive everything but their own loss, and say so when they are lost.
struct CheckpointTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-checkpoint-\(UUID().uuidString)")

    private func network(hidden: Int, seed: UInt64 = 3) -> Network {
        var stream = RandomStream(seed: seed, purpose: .trial, 0)
        return Network(
            layers: [
                Layer(
                    kind: .spiking,
                    weights: Matrix(rows: 5, columns: hidden) { _, _ in Float(stream.nextNormal()) }),
                Layer(
                    kind: .integrating,
                    weights: Matrix(rows: hidden, columns: 3) { _, _ in Float(stream.nextNormal()) }),
            ], grid: TimeGrid(steps: 4, stepMicroseconds: 1.7))
    }

    private func checkpoint(step: Int, hidden: Int = 4) -> Checkpoint {
        var progress = RunProgress()
        progress.step = step
        progress.epochSums.loss = 0.1 + 0.2
        return Checkpoint(
            network: network(hidden: hidden, seed: UInt64(step)),
            rule: RuleState(
                matrices: ["m": Matrix(rows: 2, columns: 3, unpadded: [1, 2, 3, 4, 5, .pi])],
                numbers: ["learningRate": 1.5e-3 * 0.97]), progress: progress, device: "emulator bss2 serial 1")
    }

    @Test func whatIsSavedIsLoadedBitForBit() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        let saved = checkpoint(step: 7)
        try run.save(saved)
        let loaded = try #require(try run.latestCheckpoint())
        #expect(loaded.checkpoint == saved)
        #expect(loaded.damaged.isEmpty)
        var target = network(hidden: 4, seed: 99)
        try loaded.checkpoint.restore(&target, source: "test")
        #expect(target.layers[0].weights == network(hidden: 4, seed: 7).layers[0].weights)
    }

    @Test func onlyTheLastThreeAreKept() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        for step in 1...5 { try run.save(checkpoint(step: step)) }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.appendingPathComponent("checkpoints").path)
        #expect(
            names.sorted().filter { $0.hasSuffix(".json") }
                == ["step-00000003.json", "step-00000004.json", "step-00000005.json"])
        #expect(names.count == 6)
    }

    @Test func everyTruncationAndEveryFlippedByteIsDetected() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        try run.save(checkpoint(step: 1))
        try run.save(checkpoint(step: 2))
        let newest = folder.appendingPathComponent("checkpoints/step-00000002.safetensors")
        let whole = try Data(contentsOf: newest)
        for length in 0..<whole.count {
            try whole.prefix(length).write(to: newest)
            let loaded = try #require(try run.latestCheckpoint())
            #expect(loaded.checkpoint.progress.step == 1, "cut to \(length) bytes")
            #expect(loaded.damaged.count == 1)
        }
        for index in 0..<whole.count {
            var flipped = whole
            flipped[index] ^= 0x10
            try flipped.write(to: newest)
            let loaded = try #require(try run.latestCheckpoint())
            #expect(loaded.checkpoint.progress.step == 1, "byte \(index) flipped")
        }
        try whole.write(to: newest)
        #expect(try run.latestCheckpoint()?.checkpoint.progress.step == 2)
    }

    @Test func whereNoCheckpointIsWholeTheNewestOnesFlawIsSaid() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        #expect(try run.latestCheckpoint() == nil)
        for step in 1...2 { try run.save(checkpoint(step: step)) }
        for name in ["step-00000001", "step-00000002"] {
            let weights = folder.appendingPathComponent("checkpoints/\(name).safetensors")
            try Data(contentsOf: weights).dropLast(3).write(to: weights)
        }
        let error = #expect(throws: RunError.self) { try run.latestCheckpoint() }
        #expect(error?.code == .corrupt)
        #expect(error?.detail.contains("no checkpoint in \(folder.path) is whole: ") == true)
        #expect(error?.detail.contains("step-00000002") == true, "\(error?.detail ?? "")")
    }

    @Test func aCheckpointOfAnotherNetworkIsRefusedWithBothShapes() throws {
        var target = network(hidden: 6)
        let before = target.layers.map(\.weights)
        let error = #expect(throws: RunError.self) {
            try checkpoint(step: 1, hidden: 4).restore(&target, source: "old run")
        }
        #expect(error?.code == .mismatch)
        #expect(error?.detail.contains("layers.0.weights is 5 x 4 there and 5 x 6 here") == true)
        #expect(target.layers.map(\.weights) == before)
    }

    @Test func aRunIsNotOverwritten() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(creating: folder)
        try run.write("name: x", to: "experiment.yaml")
        let error = #expect(throws: RunError.self) { try RunFolder(creating: folder) }
        #expect(error?.code == .occupied)
        #expect(throws: RunError.self) {
            try RunFolder(opening: folder.appendingPathComponent("checkpoints"))
        }
    }
}
