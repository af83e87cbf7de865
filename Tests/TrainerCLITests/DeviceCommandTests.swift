import Foundation
import Testing

/// The command with a daemon: its own, and one of the user's.
@Suite(.serialized, .enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct DeviceCommandTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-cli-\(UUID().uuidString)")
    private let small = [
        "--set", "data.training_samples=1000", "--set", "network.hidden.0.size=30",
    ]

    private func inFolder(_ body: () throws -> Void) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body()
    }

    @Test func trainingStartsAChipOfItsOwnAndStopsIt() throws {
        try inFolder {
            let run = path("run")
            let result = try VolleyProcess(
                ["train", "yinyang", "--epochs", "2", "--serial", "5", "--output", run] + small
            ).finish()
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("emulated chip (profile bss2, serial 5)"))
            #expect(result.output.contains("0 of them lost on the way"))
            let same = try VolleyProcess.run("evaluate", run, "--json")
            let other = try VolleyProcess.run("evaluate", run, "--serial", "6", "--json")
            #expect(same.status == 0 && other.status == 0)
            #expect(try value("device", in: same.output)?["serial"] as? Int == 5)
            #expect(try value("device", in: other.output)?["serial"] as? Int == 6)
            #expect(try value("trained_on", in: other.output)?["serial"] as? Int == 5)
            let words = try VolleyProcess.run("evaluate", run, "--serial", "6")
            #expect(
                words.output.hasPrefix(
                    "\"yinyang\" trained on emulator bss2 serial 5, evaluated on emulator bss2 serial 6\n"),
                "\(words.output)")
            for start in ["test accuracy", "this machine", "chip time", "chip energy"] {
                #expect(words.output.contains("\n  \(start)  "), "\(start): \(words.output)")
            }
        }
    }

    @Test func aKilledDaemonIsSaidAndTheRunGoesOnAsIfUnbroken() throws {
        try inFolder {
            let process = try startLongRun("broken")
            for child in children(of: process.identifier) { kill(child, SIGKILL) }
            let result = process.finish()
            #expect(result.status == 69, "\(result.errors)")
            #expect(result.errors.contains("killed by signal 9"))
            #expect(result.errors.contains("volley train --resume"))
            try expectResumedEqualsUnbroken("broken")
        }
    }

    @Test func aKilledTrainerTakesItsDaemonAlongAndTheRunGoesOnAsIfUnbroken() throws {
        try inFolder {
            let process = try startLongRun("broken")
            let daemons = children(of: process.identifier)
            #expect(!daemons.isEmpty)
            process.send(SIGKILL)
            _ = process.finish()
            let limit = Date().addingTimeInterval(10)
            while Date() < limit, daemons.contains(where: { kill($0, 0) == 0 }) {
                Thread.sleep(forTimeInterval: 0.02)
            }
            #expect(!daemons.contains { kill($0, 0) == 0 })
            try expectResumedEqualsUnbroken("broken")
        }
    }

    /// The daemon lives on, so that the lease of the dead host stands until its end (LSE-006).
    @Test func aKilledHostLeavesTheChipToTheNextOneWhichGoesOnAsIfUnbroken() throws {
        try inFolder {
            let (daemon, uri) = try startDaemon()
            defer { daemon.terminate() }
            let process = try startLongRun("broken", arguments: ["--device", uri])
            process.send(SIGKILL)
            _ = process.finish()
            let begin = Date()
            while try !VolleyProcess.run("devices", uri).output.contains("serial 9, free") {
                // A lease is of 10 s.
                try #require(Date().timeIntervalSince(begin) < 11, "a dead host has the chip")
                Thread.sleep(forTimeInterval: 0.1)
            }
            try expectResumedEqualsUnbroken("broken", arguments: ["--device", uri])
        }
    }

    @Test func aNetworkThatIsTooLargeIsRefusedWithBothNumbers() throws {
        try inFolder {
            let result = try VolleyProcess.run(
                "train", "yinyang", "--set", "network.hidden.0.size=600", "--output", path("run"))
            #expect(result.status == 65)
            #expect(result.errors.contains("neuron circuits, the chip has 512"))
            #expect(!FileManager.default.fileExists(atPath: path("run")))
        }
    }

    @Test func nobodyListeningIsSaidInBoundedTime() throws {
        let start = Date()
        let result = try VolleyProcess.run(
            "train", "yinyang", "--device", "zmq+ipc://\(path("none.sock"))")
        #expect(result.status == 69)
        #expect(result.errors.contains("nobody listens there"))
        #expect(Date().timeIntervalSince(start) < 15)
    }

    @Test func devicesTellsWhoHasTheChip() throws {
        try inFolder {
            let (daemon, uri) = try startDaemon()
            defer { daemon.terminate() }
            let free = try VolleyProcess.run("devices", uri)
            #expect(free.status == 0, "\(free.errors)")
            #expect(free.output.contains("emulator bss2 serial 9, free, firmware"))
            // Without an address: where daemons usually are, and what the user always has asked.
            try FileManager.default.createDirectory(atPath: path("volley"), withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: path("volley/chip.sock"), withDestinationPath: path("chip.sock"))
            let usual = try VolleyProcess.run(
                "devices",
                environment: ["XDG_RUNTIME_DIR": folder.path, "VOLLEY_DEVICES": "zmq+tcp://127.0.0.1:1"])
            #expect(usual.status == 0, "\(usual.errors)")
            for words in ["serial 9, free", path("volley/chip.sock"), "zmq+tcp://127.0.0.1:1", "127.0.0.1:7755"] {
                #expect(usual.output.contains(words), "\(words): \(usual.output)")
            }
            let chip = try VolleyProcess.run("chip", "--device", uri, "--json")
            #expect(try object(chip.output)["serial"] as? Int == 9)

            let process = try startLongRun("run", arguments: ["--device", uri])
            let taken = try VolleyProcess.run("devices", uri)
            #expect(taken.output.contains("in use by volley train yinyang"), "\(taken.output)")
            let refused = try VolleyProcess.run(
                "train", "yinyang", "--device", uri, "--output", path("second"))
            #expect(refused.status == 69)
            #expect(refused.errors.contains("volley train yinyang"), "\(refused.errors)")
            process.send(SIGINT)
            #expect(process.finish().status == 130)
        }
    }

    @Test func aProfilesFileIsTakenUpFromAnywhereAndAChangedOneIsRefused() throws {
        try inFolder {
            let file = folder.appendingPathComponent("own.yaml")
            try Data("extends: bss2-calibrated\nnoise: {membrane_lsb: 1.5}\n".utf8).write(to: file)
            let trained = try VolleyProcess(
                ["train", "yinyang", "--epochs", "1", "--output", path("run"), "--serial", "3"]
                    + ["--profile", "./own.yaml", "--chip-set", "noise.spike_time_ns=30"] + small,
                in: folder
            ).finish()
            #expect(trained.status == 0, "\(trained.errors)")
            #expect(trained.output.contains("emulated chip (profile own, serial 3)"))
            #expect(trained.output.contains("windows ") && trained.output.contains("static "))
            // From another folder, and with the same setting.
            let resumed = try VolleyProcess.run("train", "--resume", path("run"), "--epochs", "2")
            #expect(resumed.status == 0, "\(resumed.errors)")
            let other = try VolleyProcess.run("evaluate", path("run"), "--serial", "4", "--json")
            let chip = try value("device", in: other.output)
            #expect(chip?["serial"] as? Int == 4 && chip?["profile"] as? String == "own")
            #expect((chip?["effects"] as? [String])?.contains("noise: spike time 30 ns") == true)
            #expect((try value("chip_costs", in: other.output)?["window_seconds"] as? Double ?? 0) > 0)
            try Data("extends: bss2-calibrated\nnoise: {membrane_lsb: 1.6}\n".utf8).write(to: file)
            let changed = try VolleyProcess.run("train", "--resume", path("run"), "--epochs", "3")
            #expect(changed.status == 65, "\(changed.errors)")
            #expect(changed.errors.contains("but here is emulator own serial 3"), "\(changed.errors)")
            // Another chip that is asked for is another matter.
            let setting = try VolleyProcess.run(
                "train", "--resume", path("run"), "--epochs", "3", "--chip-set", "noise.spike_time_ns=31")
            #expect(setting.status == 0 && setting.errors.contains("it goes on on emulator own serial 3"))
            try FileManager.default.removeItem(at: file)
            let gone = try VolleyProcess.run("train", "--resume", path("run"), "--epochs", "3")
            #expect(gone.status == 65 && gone.errors.contains("there is no chip profile \(file.path)"))
        }
    }

    @Test func chipTellsLimitsParametersHealthAndEffects() throws {
        let result = try VolleyProcess.run("chip", "--profile", "memristive", "--chip-set", "noise.membrane_lsb=2")
        #expect(result.status == 0, "\(result.errors)")
        for line in [
            "profile      memristive\n", "  weights                 -7 to 7\n",
            "  trace memory            131,072 bytes",
            "parameters   codes of 10 bits; nothing for the host to calibrate\n",
            "  membrane time constant  0.5 to 60 µs, codes 0.2 to 150 in equal factors\n",
            "  in use by               nobody\n", "  noise         membrane 2 LSB\n",
            "  defects       synapses stuck at zero 0.7 %\n",
        ] {
            #expect(result.output.contains(line), "\(line)")
        }
        let json = try VolleyProcess.run("chip", "--profile", "ideal", "--json")
        #expect(try value("health", in: json.output)?["batches_executed"] as? Int == 0)
        #expect(try value("parameters", in: json.output)?["is_calibrated_by_host"] as? Bool == false)
        let ideal = try VolleyProcess.run("chip", "--profile", "ideal")
        #expect(ideal.output.contains("effects      none: an ideal chip"))
        let wrong = try VolleyProcess.run("chip", "--chip-set", "noise.membrane=2")
        #expect(wrong.status == 65)
        #expect(wrong.errors.contains("noise.membrane: there is no field"), "\(wrong.errors)")
    }

    /// Enough for some seconds on a fast machine.
    private static let epochs = "200"

    /// Starts a run of many epochs and returns when the tenth has ended.
    private func startLongRun(_ name: String, arguments: [String] = []) throws -> VolleyProcess {
        let process = try VolleyProcess(
            ["train", "yinyang", "--epochs", Self.epochs, "--output", path(name)] + small + arguments)
        while process.isRunning, !process.errorsSoFar.contains("epoch  10/\(Self.epochs)") {
            Thread.sleep(forTimeInterval: 0.01)
        }
        return process
    }

    /// Starts a daemon with the chip of serial 9, and tells its address.
    private func startDaemon() throws -> (Process, String) {
        let socket = path("chip.sock")
        let daemon = Process()
        daemon.executableURL = VolleyProcess.program.deletingLastPathComponent()
            .appendingPathComponent("volleyd")
        daemon.arguments = ["--listen", "ipc://\(socket)", "--serial", "9"]
        daemon.standardOutput = FileHandle.nullDevice
        daemon.standardError = FileHandle.nullDevice
        try daemon.run()
        return (daemon, "zmq+ipc://\(socket)")
    }

    private func expectResumedEqualsUnbroken(_ name: String, arguments: [String] = []) throws {
        let resumed = try VolleyProcess.run("train", "--resume", path(name), "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let whole = try VolleyProcess(
            ["train", "yinyang", "--epochs", Self.epochs, "--output", path("whole"), "--json"] + small + arguments
        ).finish()
        for key in ["test_accuracy", "training_loss", "spikes_per_pattern"] {
            let (left, right) = (try object(resumed.output)[key], try object(whole.output)[key])
            #expect(left as? Double != nil && left as? Double == right as? Double, "\(key)")
        }
        let weights = "checkpoints"
        let (left, right) = (path("\(name)/\(weights)"), path("whole/\(weights)"))
        let last = try #require(
            try FileManager.default.contentsOfDirectory(atPath: right)
                .filter { $0.hasSuffix(".safetensors") }.max())
        #expect(FileManager.default.contentsEqual(atPath: "\(left)/\(last)", andPath: "\(right)/\(last)"))
    }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func object(_ json: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    }

    private func value(_ key: String, in json: String) throws -> [String: Any]? {
        try object(json)[key] as? [String: Any]
    }

    /// The processes that any thread of a process has started.
    private func children(of process: Int32) -> [Int32] {
        let tasks = "/proc/\(process)/task"
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: tasks)) ?? []
        return threads.flatMap { thread in
            let text = try? String(contentsOfFile: "\(tasks)/\(thread)/children", encoding: .utf8)
            return (text ?? "").split(separator: " ").compactMap { Int32($0) }
        }
    }
}
