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

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func inFolder(_ body: () throws -> Void) throws {
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
            let socket = path("chip.sock")
            let daemon = Process()
            daemon.executableURL = VolleyProcess.program.deletingLastPathComponent()
                .appendingPathComponent("volleyd")
            daemon.arguments = ["--listen", "ipc://\(socket)", "--serial", "9"]
            daemon.standardOutput = FileHandle.nullDevice
            daemon.standardError = FileHandle.nullDevice
            try daemon.run()
            defer { daemon.terminate() }
            let uri = "zmq+ipc://\(socket)"
            let free = try VolleyProcess.run("devices", uri)
            #expect(free.status == 0, "\(free.errors)")
            #expect(free.output.contains("emulator bss2 serial 9, free"))
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

    private func expectResumedEqualsUnbroken(_ name: String) throws {
        let resumed = try VolleyProcess.run("train", "--resume", path(name), "--json")
        #expect(resumed.status == 0, "\(resumed.errors)")
        let whole = try VolleyProcess(
            ["train", "yinyang", "--epochs", Self.epochs, "--output", path("whole"), "--json"] + small
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
