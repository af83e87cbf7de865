import Foundation
import Testing

/// The command as a user meets it, without a device.
@Suite(.enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct CommandLineTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-cli-\(UUID().uuidString)")

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test func helpNamesTheCommandsAndTheExitCodes() throws {
        let result = try VolleyProcess.run("--help")
        #expect(result.status == 0)
        for word in [
            "train", "evaluate", "experiment", "data", "devices", "chip", "gradient", "wafer",
            "plot", "volley train yinyang", "EXIT STATUS", "  130  ",
        ] {
            #expect(result.output.contains(word), "\(word)")
        }
    }

    @Test(arguments: [
        ["train"], ["train", "yinyang", "--resume", "x"], ["train", "yinyang", "--nonsense"],
        ["train", "yinyang", "--software", "--serial", "3"],
        ["train", "yinyang", "--device", "zmq+tcp://127.0.0.1:1", "--serial", "3"],
        ["train", "yinyang", "--device", "http://x"], ["train", "yinyang", "--set", "seed"],
        ["train", "yinyang", "--threads", "0"], ["nonsense"],
        ["train", "yinyang", "--chip-set", "noise"], ["chip", "--software", "--chip-set", "noise.membrane_lsb=2"],
        ["chip", "--device", "zmq+tcp://127.0.0.1:1", "--profile", "ideal"],
    ])
    func wrongArgumentsGive64AndSayWhy(arguments: [String]) throws {
        let result = try VolleyProcess(arguments).finish()
        #expect(result.status == 64, "\(arguments)")
        #expect(!result.errors.isEmpty)
        #expect(result.output.isEmpty)
    }

    @Test func anUnknownFieldIsNamedWithItsNeighbour() throws {
        let result = try VolleyProcess.run(
            "train", "yinyang", "--software", "--set", "training.epoch=3")
        #expect(result.status == 65)
        #expect(result.errors.contains("training.epoch"))
        #expect(result.errors.contains("epochs"))
    }

    @Test func anExperimentThatIsNeitherPresetNorFileListsThePresets() throws {
        let result = try VolleyProcess.run("train", "yingyang")
        #expect(result.status == 65)
        #expect(result.errors.contains("\"yingyang\" is neither a preset (yinyang, mnist16, fashion16)"))
    }

    @Test func missingDataIsSaidWithTheCommandThatGetsIt() throws {
        try inFolder {
            let result = try VolleyProcess.run(
                "train", "mnist16", "--software", "--data", folder.path)
            #expect(result.status == 65)
            #expect(result.errors.contains("volley data fetch mnist"))
            #expect(result.errors.contains(folder.path))
        }
    }

    @Test func aRunWritesItsFolderItsSummaryAndPlainLines() throws {
        try inFolder {
            let run = folder.appendingPathComponent("run").path
            let result = try VolleyProcess.run(
                "train", "yinyang", "--software", "--epochs", "2", "--seed", "5", "--output", run,
                "--set", "data.training_samples=500", "--json")
            #expect(result.status == 0, "\(result.errors)")
            for name in ["experiment.yaml", "run.json", "metrics.jsonl", "summary.json"] {
                #expect(FileManager.default.fileExists(atPath: "\(run)/\(name)"), "\(name)")
            }
            let summary = try #require(
                try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
            for key in [
                "test_accuracy", "epochs", "seed", "patterns_per_second", "split_seconds",
                "chip_seconds", "energy_joules", "spikes_per_pattern", "device_kind",
            ] {
                #expect(summary[key] != nil, "\(key)")
            }
            #expect(summary["seed"] as? Int == 5)
            #expect(result.errors.contains("epoch 2/2"))
            #expect(!result.errors.contains("\r") && !result.errors.contains("\u{1B}"))
            let again = try VolleyProcess.run(
                "train", "yinyang", "--software", "--output", run)
            #expect(again.status == 65)
            #expect(again.errors.contains("--resume"))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func aSignalSavesACheckpointAndResumingEndsAsAnUnbrokenRun(signal: Int32) throws {
        try inFolder {
            let settings = [
                "--software", "--epochs", "150", "--set", "data.training_samples=1000",
                "--set", "network.hidden.0.size=30",
            ]
            let broken = folder.appendingPathComponent("broken").path
            let process = try VolleyProcess(["train", "yinyang", "--output", broken] + settings)
            while process.isRunning, !process.errorsSoFar.contains("epoch   7/150") {
                Thread.sleep(forTimeInterval: 0.01)
            }
            process.send(signal)
            let stopped = process.finish()
            #expect(stopped.status == 130, "\(stopped.errors)")
            #expect(stopped.errors.contains("volley train --resume"))
            let resumed = try VolleyProcess.run("train", "--resume", broken, "--json")
            let whole = try VolleyProcess.run(
                "train", "yinyang", "--output", folder.appendingPathComponent("whole").path,
                "--software", "--epochs", "150", "--set", "data.training_samples=1000",
                "--set", "network.hidden.0.size=30", "--json")
            #expect(resumed.status == 0, "\(resumed.errors)")
            let keys = ["test_accuracy", "training_loss", "spikes_per_pattern", "training_patterns"]
            for key in keys {
                #expect(try number(key, in: resumed.output) == number(key, in: whole.output), "\(key)")
            }
        }
    }

    @Test func aCheckpointOfAnotherNetworkIsRefusedWithBothShapes() throws {
        try inFolder {
            let run = folder.appendingPathComponent("run")
            _ = try VolleyProcess.run(
                "train", "yinyang", "--software", "--epochs", "1", "--output", run.path,
                "--set", "data.training_samples=200")
            let file = run.appendingPathComponent("experiment.yaml")
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing("size: 120", with: "size: 60")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let result = try VolleyProcess.run("evaluate", run.path, "--software")
            #expect(result.status == 65)
            #expect(result.errors.contains("another network"))
            #expect(result.errors.contains("x 120") && result.errors.contains("x 60"))
        }
    }

    @Test func aGradientStepIsWrittenWithItsShapes() throws {
        try inFolder {
            let file = folder.appendingPathComponent("step.safetensors").path
            let result = try VolleyProcess.run(
                "gradient", "yinyang", "--software", "--output", file, "--json")
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("d_weights.0"))
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            #expect(size ?? 0 > 10_000)
        }
    }

    @Test func aReaderThatGoesAwayDoesNotEndTheRun() throws {
        try inFolder {
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            let run = folder.appendingPathComponent("run").path
            shell.arguments = [
                "-c",
                "{ '\(VolleyProcess.program.path)' train yinyang --software --epochs 3 "
                    + "--set data.training_samples=500 --output '\(run)' 2>&1; "
                    + "echo $? > '\(folder.path)/status'; } | head -1 >/dev/null",
            ]
            try shell.run()
            shell.waitUntilExit()
            let status = try String(contentsOfFile: "\(folder.path)/status", encoding: .utf8)
            #expect(status == "0\n")
            #expect(FileManager.default.fileExists(atPath: "\(run)/summary.json"))
        }
    }

    @Test func dataListsWhatIsThere() throws {
        try inFolder {
            let result = try VolleyProcess.run("data", "list", "--data", folder.path)
            #expect(result.status == 0)
            #expect(result.output.contains("yin-yang       generated"))
            #expect(result.output.contains("0 of 4 files there"))
            #expect(result.output.contains("volley data fetch mnist"))
            let unknown = try VolleyProcess.run("data", "fetch", "minst")
            #expect(unknown.status == 65)
        }
    }

    @Test func experimentsCanBePrintedAndReadAgain() throws {
        try inFolder {
            let shown = try VolleyProcess.run("experiment", "show", "yinyang")
            #expect(shown.status == 0)
            let file = folder.appendingPathComponent("mine.yaml")
            try shown.output.write(to: file, atomically: true, encoding: .utf8)
            #expect(try VolleyProcess.run("experiment", "show", file.path).output == shown.output)
            let fields = try VolleyProcess.run("experiment", "fields")
            #expect(fields.output.contains("training.learning_rate ("))
        }
    }

    private func number(_ key: String, in json: String) throws -> Double? {
        let object = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
        return object?[key] as? Double
    }
}
