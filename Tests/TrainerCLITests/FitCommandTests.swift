import Foundation
import Testing

/// `volley fit`, on chips that it starts.
@Suite(.enabled(if: VolleyProcess.exists, "\(VolleyProcess.absent)"))
struct FitCommandTests {
    private let folder = FileManager.default.temporaryDirectory
        .appendingPathComponent("volley-cli-\(UUID().uuidString)")

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    private func run(_ arguments: String...) throws -> VolleyProcess.Result {
        try VolleyProcess(["fit"] + arguments, in: folder).finish()
    }

    @Test func aFittedFileIsAProfileThatACommandCanStart() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let small = ["--chip-set", "geometry.neuron_circuits=64"]
        let made = try VolleyProcess(
            ["fit", "--serial", "3", "--output", "mine.yaml", "--name", "mine"] + small, in: folder
        ).finish()
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("Fitted to emulated chip (profile bss2, serial 3)"))
        #expect(made.output.contains("mismatch.tau_mem_percent"))
        #expect(made.output.contains("mine.yaml"))
        #expect(made.errors.contains("measuring columns of the CADC\nmeasuring membranes at rest\n"))
        let file = try String(
            contentsOf: folder.appendingPathComponent("mine.yaml"), encoding: .utf8)
        #expect(file.contains("\nname: \"mine\"\n") && file.contains("\nextends: \"bss2\"\n"))

        let again = try run("--profile", "./mine.yaml", "--serial", "8", "--json")
        #expect(again.status == 0, "\(again.errors)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(again.output.utf8)) as? [String: Any])
        let device = try #require(report["device"] as? [String: Any])
        #expect(device["profile"] as? String == "mine")
        #expect(device["circuits"] as? Int == 64)
        let numbers = try #require(report["numbers"] as? [[String: Any]])
        #expect(numbers.contains { $0["field"] as? String == "mismatch.tau_mem_percent" })
    }

    @Test func withoutAFileTheProfileGoesToStandardOutput() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let printed = try run("--chip-set", "geometry.neuron_circuits=64", "--extends", "bss2-fast")
        #expect(printed.status == 0, "\(printed.errors)")
        #expect(printed.output.hasPrefix("# Fitted by volley "))
        #expect(printed.output.contains("\nextends: \"bss2-fast\"\n"))
        #expect(printed.output.contains("\n  tau_mem_percent: "))
    }

    @Test func whatCannotBeFittedIsRefused() throws {
        defer { try? FileManager.default.removeItem(at: folder) }
        let software = try run("--software")
        #expect(software.status == 64)
        #expect(software.errors.contains("Software has no spreads to fit"))
        let near = try run("--set", "chip.threshold_lsb=85")
        #expect(near.status == 65)
        #expect(near.errors.contains("cannot be measured"))
        let nowhere = try run("--chip-set", "geometry.neuron_circuits=64", "--output", "missing/mine.yaml")
        #expect(nowhere.status == 74)
    }
}
