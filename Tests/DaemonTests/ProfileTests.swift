import ChipEmulator
import DeviceClient
import Foundation
import Substrate
import Testing

extension DaemonTests {
    /// Chip profiles through the daemon: files, single fields, and what is wrong with them.
    @Suite struct ProfileTests {
        private let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("volleyd-profiles-\(UUID().uuidString)")

        private func write(_ text: String, to name: String) throws -> String {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: file)
            return file.path
        }

        @Test func aFileAndASettingMakeTheChipThatIsServed() async throws {
            defer { try? FileManager.default.removeItem(at: folder) }
            _ = try write("extends: bss2-calibrated\nnoise: {membrane_lsb: 2}\n", to: "base.yaml")
            let path = try write("extends: base.yaml\nmismatch: {threshold_percent: 6}\n", to: "own.yaml")
            var expected = ChipProfile.calibrated
            expected.name = "own"
            expected.noise.membrane = 2
            expected.mismatch.threshold = 0.06
            expected.noise.spikeTime = 30
            var chip = EmulatedChip(profile: expected, serial: 4)
            let daemon = try TestDaemon(
                on: TestDaemon.freshAddress(),
                ["--profile", path, "--set", "noise.spike_time_ns=30", "--serial", "4"])
            let client = makeClient(of: daemon.address)
            #expect(try await client.describe() == chip.description)
            let batch = SmallExperiment.batch(1, entries: 20)
            #expect(try await client.run(batch).reproducible == chip.run(batch).reproducible)
            await client.close()
            #expect(daemon.stop() == .exited(0))
        }

        @Test func healthCarriesWhatTheLastBatchFound() async throws {
            let daemon = try TestDaemon(on: TestDaemon.freshAddress())
            let client = makeClient(of: daemon.address)
            #expect(try await client.deviceHealth().temperature == nil)
            let recording = try await client.run(SmallExperiment.batch(1))
            let health = try await client.deviceHealth()
            #expect(health.temperature == recording.temperature)
            #expect(health.jobsExecuted == 1 && health.entriesExecuted == 8)
            #expect(health.execution.chipSeconds == recording.execution.chipSeconds)
            await client.close()
            daemon.stop()
        }

        @Test func shippedProfilesAreListedAndShownAndReadAgain() throws {
            defer { try? FileManager.default.removeItem(at: folder) }
            let list = try TestDaemon.run(["profile", "list"])
            #expect(list.status == 0)
            for name in ChipProfile.shippedNames { #expect(list.output.contains("\(name) "), "\(name)") }
            let shown = try TestDaemon.run(["profile", "show", "memristive"])
            #expect(shown.output.contains("\n  weight_limit: 7\n"))
            let path = try write(shown.output, to: "copy.yaml")
            #expect(try TestDaemon.run(["profile", "show", path]).output == shown.output)
            let changed = try TestDaemon.run(["profile", "show", path, "--set", "geometry.weight_limit=3"])
            #expect(changed.output.contains("\n  weight_limit: 3\n"))
            let fields = try TestDaemon.run(["profile", "fields"])
            #expect(fields.output.contains("noise.spike_time_ns (0 to 100000; default 0)\n    SD of the recorded time"))
            for command in [["profile", "list", "--json"], ["profile", "fields", "--json"]] {
                let json = try JSONSerialization.jsonObject(with: Data(try TestDaemon.run(command).output.utf8))
                #expect((json as? [[String: Any]])?.isEmpty == false)
            }
        }

        @Test func whatIsWrongWithAProfileIsSaidAndGives65() throws {
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = try write("extends: bss2\nnoise:\n  membran_lsb: 2\n", to: "own.yaml")
            let listen = ["--listen", TestDaemon.freshAddress()]
            let field = try TestDaemon.run(listen + ["--profile", path])
            #expect(field.status == 65)
            #expect(
                field.errors.contains("own.yaml:3: noise.membran_lsb: ") && field.errors.contains("\"membrane_lsb\""))
            let setting = try TestDaemon.run(listen + ["--set", "noise.membrane_lsb=-1"])
            #expect(setting.status == 65)
            #expect(setting.errors.contains("bss2 (setting): noise.membrane_lsb: \"-1\""), "\(setting.errors)")
            let missing = try TestDaemon.run(["profile", "show", "./none.yaml"])
            #expect(missing.status == 65 && missing.errors.contains("there is no chip profile ./none.yaml"))
            let word = try TestDaemon.run(listen + ["--set", "noise"])
            #expect(word.status == 64 && word.errors.contains("write FIELD=VALUE"))
        }

        /// Where others cannot come anyway, encryption that a daemon took without a word would be thought to be there.
        @Test(arguments: ["ipc:///tmp/never.sock", "usbip://127.0.0.1:0", "stdio"])
        func aKeyIsTakenForPortsAlone(listen: String) throws {
            let result = try TestDaemon.run(["--listen", listen, "--key", "chip.key", "--clients", "clients.txt"])
            #expect(result.status == 64)
            #expect(result.errors.contains("--key and --clients are for tcp:// addresses"), "\(result.errors)")
        }

        @Test(arguments: [
            [], ["serve"], ["profile"], ["profile", "list"], ["profile", "show"], ["profile", "fields"],
        ])
        func helpHasExamples(command: [String]) throws {
            let result = try TestDaemon.run(command + ["--help"])
            #expect(result.status == 0 && result.output.contains("EXAMPLES\n  volleyd "), "\(result.output)")
        }
    }
}
