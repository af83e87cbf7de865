import Foundation
import Testing

/// `volley wafer` with the daemons that it starts.
@Suite(.serialized, .enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct WaferCommandTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-wafer-\(UUID().uuidString)")
    private let small = [
        "--set", "data.training_samples=500", "--set", "network.hidden.0.size=20",
    ]
    /// A chip that needs no calibration before its first use, which would take seconds.
    private let ready = ["--profile", "bss2-calibrated"]

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test func everyChipIsTrainedAsItWouldBeAlone() throws {
        try inFolder {
            let result = try wafer(
                ["yinyang", "--serials", "3...5", "--epochs", "2", "--output", "w", "--json"] + small + ready)
            #expect(result.status == 0, "\(result.errors)")
            let record = try object(result.output)
            #expect(try serials(record) == [3, 4, 5])
            #expect((record["test_accuracy"] as? [String: Any])?["count"] as? Int == 3)
            let alone = try VolleyProcess(
                ["train", "yinyang", "--serial", "4", "--epochs", "2", "--output", "alone", "--json"] + small + ready,
                in: folder
            ).finish()
            let accuracy = try #require(try object(alone.output)["test_accuracy"] as? Double)
            #expect(try accuracies(record)[1] == accuracy)
            #expect(try checkpoint("w/serial-4") == checkpoint("alone"))
            let csv = try String(contentsOf: url("w/wafer.csv"), encoding: .utf8).split(separator: "\n")
            #expect(csv.count == 4 && csv[2].hasPrefix("4,\(accuracy),"))
            let svg = try String(contentsOf: url("w/wafer.svg"), encoding: .utf8)
            #expect(svg.split(separator: "<circle").count == 4)
            let again = try wafer(["yinyang", "--output", "w"])
            #expect(again.status == 65 && again.errors.contains("already holds a wafer"), "\(again.errors)")
        }
    }

    @Test func aChipsOwnSeedIsItsSerial() throws {
        try inFolder {
            let result = try wafer(
                ["yinyang", "--serials", "2...3", "--own-seeds", "--epochs", "1", "--output", "w"] + small + ready)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("on each of 2 chips of profile bss2-calibrated, own seeds"))
            let alone = try VolleyProcess(
                ["train", "yinyang", "--serial", "3", "--seed", "3", "--epochs", "1", "--output", "alone"] + small
                    + ready,
                in: folder
            ).finish()
            #expect(alone.status == 0, "\(alone.errors)")
            #expect(try checkpoint("w/serial-3") == checkpoint("alone"))
            #expect(
                FileManager.default.contentsEqual(
                    atPath: url("w/serial-3/experiment.yaml").path, andPath: url("alone/experiment.yaml").path))
        }
    }

    @Test func theWeightsOfARunAreEvaluatedOnEveryChipAndMoreCanBeAdded() throws {
        try inFolder {
            let trained = try VolleyProcess(
                ["train", "yinyang", "--software", "--epochs", "2", "--output", "run"] + small, in: folder
            ).finish()
            #expect(trained.status == 0, "\(trained.errors)")
            let result = try wafer(["run", "--serials", "1...4", "--output", "w", "--jobs", "2"] + ready)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("trained on software, evaluated on 4 chips of profile bss2-calibrated"))
            #expect(result.errors.contains("chip 4/4"))
            let more = try wafer(["--resume", "w", "--serials", "6", "--json"])
            #expect(more.status == 0 && more.errors.contains("chip 5/5"), "\(more.errors)")
            let record = try object(more.output)
            #expect(try serials(record) == [1, 2, 3, 4, 6])
            let single = try VolleyProcess.run(
                "evaluate", "run", "--serial", "3", "--profile", "bss2-calibrated", "--json", in: folder)
            #expect(try accuracies(record)[2] == object(single.output)["test_accuracy"] as? Double)
        }
    }

    @Test func aChipThatFailsIsReportedAndTriedAgain() throws {
        try inFolder {
            let daemon = VolleyProcess.program.deletingLastPathComponent().appendingPathComponent("volleyd")
            let script = """
                #!/bin/sh
                case " $* " in *" --serial 2 "*) echo "no such chip here" >&2; exit 1 ;; esac
                exec "\(daemon.path)" "$@"
                """
            try Data(script.utf8).write(to: url("broken"))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url("broken").path)
            let result = try wafer(
                ["yinyang", "--serials", "1...3", "--jobs", "1", "--epochs", "1", "--output", "w"] + small + ready,
                environment: ["VOLLEYD": url("broken").path])
            #expect(result.status == 69, "\(result.errors)")
            #expect(result.errors.contains("chip 2/3  serial 3"), "\(result.errors)")
            #expect(result.output.contains("serial 2 failed:") && result.output.contains("no such chip here"))
            #expect(result.output.contains("on each of 2 chips"))
            let again = try wafer(["--resume", "w"])
            #expect(again.status == 0, "\(again.errors)")
            #expect(again.output.contains("on each of 3 chips") && !again.output.contains("failed"))
        }
    }

    @Test func whatFailsOnEveryChipEndsTheWafer() throws {
        try inFolder {
            let large = try wafer(["yinyang", "--set", "network.hidden.0.size=600", "--output", "large"] + ready)
            #expect(large.status == 65 && large.errors.contains("the chip has 512"), "\(large.errors)")
            let result = try wafer(["yinyang", "--output", "w"] + small, environment: ["VOLLEYD": "/bin/false"])
            #expect(result.status == 69 && result.errors.contains("the first 3 chips failed"), "\(result.errors)")
        }
    }

    @Test func anInterruptedWaferGoesOnAsIfUnbroken() throws {
        try inFolder {
            let arguments =
                ["yinyang", "--serials", "1...3", "--jobs", "1", "--epochs", "60", "--json"] + small + ready
            let process = try VolleyProcess(["wafer", "--output", "broken"] + arguments, in: folder)
            while process.isRunning, !process.errorsSoFar.contains("chip 1/3") { Thread.sleep(forTimeInterval: 0.01) }
            // Into the second chip, some way.
            while process.isRunning, !FileManager.default.fileExists(atPath: url("broken/serial-2/run.json").path) {
                Thread.sleep(forTimeInterval: 0.01)
            }
            Thread.sleep(forTimeInterval: 0.1)
            process.send(SIGINT)
            let stopped = process.finish()
            #expect(stopped.status == 130, "\(stopped.errors)")
            #expect(stopped.errors.contains("volley wafer --resume broken"), "\(stopped.errors)")
            let resumed = try wafer(["--resume", "broken", "--json"])
            #expect(resumed.status == 0, "\(resumed.errors)")
            let whole = try wafer(["--output", "whole"] + arguments)
            #expect(try accuracies(object(resumed.output)) == accuracies(object(whole.output)))
            for serial in 1...3 {
                #expect(try checkpoint("broken/serial-\(serial)") == checkpoint("whole/serial-\(serial)"), "\(serial)")
            }
        }
    }

    @Test(arguments: [
        ["wafer"], ["wafer", "yinyang", "--resume", "x"], ["wafer", "yinyang", "--serials", "5...2"],
        ["wafer", "--resume", "x", "--seed", "2"], ["wafer", "yinyang", "--own-seeds", "--seed", "2"],
        ["wafer", "yinyang", "--jobs", "0"],
    ])
    func wrongArgumentsGive64(arguments: [String]) throws {
        try inFolder {
            let result = try VolleyProcess(arguments, in: folder).finish()
            #expect(result.status == 64, "\(result.errors)")
        }
    }

    @Test func foldersThatHoldNoWaferAreRefused() throws {
        try inFolder {
            let none = try wafer(["--resume", "none"])
            #expect(none.status == 65 && none.errors.contains("is not the folder of a wafer"), "\(none.errors)")
            try FileManager.default.createDirectory(at: url("bad"), withIntermediateDirectories: true)
            try Data("{}".utf8).write(to: url("bad/wafer.json"))
            let bad = try wafer(["--resume", "bad"])
            #expect(bad.status == 65 && bad.errors.contains("is not the record of a wafer"), "\(bad.errors)")
        }
    }

    // MARK: Helpers

    private func wafer(_ arguments: [String], environment: [String: String] = [:]) throws -> VolleyProcess.Result {
        try VolleyProcess(["wafer"] + arguments, environment: environment, in: folder).finish()
    }

    private func url(_ name: String) -> URL { folder.appendingPathComponent(name) }

    /// The newest weights of a run.
    private func checkpoint(_ run: String) throws -> Data {
        let checkpoints = url("\(run)/checkpoints")
        let names = try FileManager.default.contentsOfDirectory(atPath: checkpoints.path)
        let last = try #require(names.filter { $0.hasSuffix(".safetensors") }.max())
        return try Data(contentsOf: checkpoints.appendingPathComponent(last))
    }

    private func object(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    private func chips(_ record: [String: Any]) throws -> [[String: Any]] {
        try #require(record["chips"] as? [[String: Any]])
    }

    private func serials(_ record: [String: Any]) throws -> [Int] {
        try chips(record).compactMap { $0["serial"] as? Int }
    }

    private func accuracies(_ record: [String: Any]) throws -> [Double?] {
        try chips(record).map { $0["test_accuracy"] as? Double }
    }
}
