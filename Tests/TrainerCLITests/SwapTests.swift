import Foundation
import Testing

/// The same experiment and the same run on one device after the other: only the address changes.
@Suite(.serialized, .enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct SwapTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-swap-\(UUID().uuidString)")
    private static let programs = VolleyProcess.program.deletingLastPathComponent()
    /// The emulated chip over another carrier than that which `volley` uses for its own daemon.
    private static let daemon = "exec:\(programs.path)/volleyd serve --listen stdio --log-level error"
    /// The tiny chip of the board kit, whose buffers hold a small network and batches of 8.
    private static let board = "exec:\(programs.path)/volley-board"
    private static let settings = [
        "--set", "data.training_samples=400", "--set", "network.hidden.0.size=30", "--set", "training.batch_size=8",
    ]

    @Test func theSameExperimentGivesTheSameWeightsOverEveryCarrier() throws {
        try inFolder {
            #expect(try train("ipc").status == 0)
            let result = try train("exec", "--device", Self.daemon)
            #expect(result.status == 0, "\(result.errors)")
            #expect(try weights("exec") == weights("ipc"))
        }
    }

    @Test func aRunMovesToTheSameChipAtAnotherAddressBitForBit() throws {
        try inFolder {
            _ = try train("whole", epochs: 4)
            _ = try train("moved", epochs: 2)
            let result = try VolleyProcess.run(
                "train", "--resume", path("moved"), "--epochs", "4", "--device", Self.daemon)
            #expect(result.status == 0, "\(result.errors)")
            #expect(!result.errors.contains("it goes on on"), "the chip is the same")
            #expect(try weights("moved") == weights("whole"))
            #expect(try record("moved")["endpoint"] as? String == Self.daemon)
        }
    }

    @Test func aRunMovesToAnotherKindOfDeviceAndSaysSo() throws {
        try inFolder {
            _ = try train("run", epochs: 2)
            let result = try VolleyProcess.run(
                "train", "--resume", path("run"), "--epochs", "3", "--device", Self.board)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.errors.contains("was trained on emulator bss2 serial 1"))
            #expect(result.errors.contains("for 100 minibatches; it goes on on emulator tiny serial 1"))
            #expect((try record("run")["device"] as? [String: Any])?["profile"] as? String == "tiny")
            let earlier = try #require(try record("run")["earlier_devices"] as? [[String: Any]])
            #expect(earlier.count == 1 && earlier[0]["minibatches"] as? Int == 100)
            // From there on the run is on the board, and goes back only where that is said.
            let back = try VolleyProcess.run("train", "--resume", path("run"), "--epochs", "4", "--serial", "1")
            #expect(back.status == 0, "\(back.errors)")
            #expect(back.errors.contains("it goes on on emulator bss2 serial 1"))
            #expect(back.errors.contains("neuron circuits within tolerance"), "calibration of the new device")
        }
    }

    @Test func anotherChipAtTheSameAddressIsRefused() throws {
        try inFolder {
            _ = try train("run", "--device", Self.daemon)
            let file = folder.appendingPathComponent("run/run.json")
            let text = try String(contentsOf: file, encoding: .utf8)
            try text.replacing("\"serial\" : 1", with: "\"serial\" : 2").write(
                to: file, atomically: true, encoding: .utf8)
            let result = try VolleyProcess.run("train", "--resume", path("run"), "--epochs", "3")
            #expect(result.status == 65, "\(result.status)")
            #expect(result.errors.contains("was trained on emulator bss2 serial 2"))
            #expect(result.errors.contains("move the run to this one by naming it (--device"))
        }
    }

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    private func path(_ run: String) -> String { folder.appendingPathComponent(run).path }

    private func train(_ run: String, epochs: Int = 2, _ options: String...) throws -> VolleyProcess.Result {
        try VolleyProcess(
            ["train", "yinyang", "--epochs", "\(epochs)", "--output", path(run)] + Self.settings + options
        ).finish()
    }

    /// The last checkpoint's tensors: weights and the optimiser's moments.
    private func weights(_ run: String) throws -> Data {
        let checkpoints = folder.appendingPathComponent("\(run)/checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
        let last = try #require(names.filter { $0.hasSuffix(".safetensors") }.max())
        return try Data(contentsOf: checkpoints.appendingPathComponent(last))
    }

    private func record(_ run: String) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appendingPathComponent("\(run)/run.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }
}
