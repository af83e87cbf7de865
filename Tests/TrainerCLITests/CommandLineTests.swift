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
        ["chip", "--device", "zmq+tcp://127.0.0.1:1", "--profile", "ideal"], ["chip", "--software"],
        ["train", "--resume", "x", "--seed", "3"], ["gradient"], ["gradient", "yinyang", "--resume", "x"],
        ["gradient", "--resume", "x", "--seed", "3"], ["calibrate", "--software"],
        ["calibrate", "--check", "--force"], ["fit", "--software"], ["devices", "http://x"],
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
            let words = try VolleyProcess.run("gradient", "yinyang", "--software", "--output", file)
            #expect(words.status == 0 && words.output.hasPrefix("\(file): loss "))
            #expect(words.output.contains(/weights\.0 +[0-9]+ x [0-9]+\n/), "\(words.output)")
            let nowhere = try VolleyProcess.run(
                "gradient", "yinyang", "--software", "--output", "no/such/folder/step.safetensors")
            #expect(nowhere.status != 0 && nowhere.errors.contains("cannot write no/such/folder/step.safetensors"))
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
            let listed = try VolleyProcess.run("data", "list", "--data", folder.path, "--json")
            let sets = try #require(
                try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]])
            let mnist = try #require(sets.first { $0["name"] as? String == "mnist" })
            let files = try #require(mnist["files"] as? [[String: Any]])
            #expect(files.count == 4 && files.allSatisfy { $0["name"] is String && !($0["path"] is String) })
            let missing = try VolleyProcess.run("data", "check", "mnist", "--data", folder.path)
            #expect(missing.status == 65 && missing.errors.contains("volley data fetch mnist"))
            let generated = try VolleyProcess.run("data", "fetch", "yin-yang", "--data", folder.path)
            #expect(generated.status == 0 && generated.output.contains("there is nothing to fetch"))
        }
    }

    /// Whoever fetches is told which address failed, and why; nothing is left that looks like data.
    @Test func aMirrorThatDoesNotAnswerIsNamed() throws {
        try inFolder {
            let mirror = "http://127.0.0.1:1/mnist"
            let result = try VolleyProcess.run("data", "fetch", "mnist", "--data", folder.path, "--mirror", mirror)
            #expect(result.status != 0 && result.errors.contains(mirror), "\(result.errors)")
            #expect(try VolleyProcess.run("data", "list", "--data", folder.path).output.contains("0 of 4 files there"))
        }
    }

    @Test(.enabled(if: dataFolder != nil, "needs MNIST in $VOLLEY_DATA"))
    func dataIsCheckedAgainstItsChecksums() throws {
        try inFolder {
            let data = try #require(Self.dataFolder)
            let right = try VolleyProcess.run("data", "check", "mnist", "--data", data)
            #expect(right.status == 0, "\(right.errors)")
            #expect(right.output.contains("60,000 training and 10,000 test samples"))
            #expect(right.output.split(separator: "\n").count { $0.hasPrefix("  right ") } == 4, "\(right.output)")
        }
    }

    /// Where the checks find MNIST as it is published.
    private static let dataFolder = ProcessInfo.processInfo.environment["VOLLEY_DATA"].flatMap { folder in
        FileManager.default.fileExists(atPath: "\(folder)/mnist") ? folder : nil
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
