import ArgumentParser
import InTheLoop
import Substrate

/// `volley chip`.
struct ChipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chip",
        abstract: "Describe the chip behind an address, or the one that volley would start.",
        discussion: """
            EXAMPLES
              volley chip --device zmq+tcp://127.0.0.1:7755
              volley chip --serial 7 --json
            """)

    @OptionGroup(title: "Device options") var device: DeviceOptions

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        if device.software { throw ValidationError("Software is no chip; leave out --software.") }
    }

    func run() async throws {
        let opened = try await OpenedDevice.open(
            device.choice ?? DeviceOptions.firstChip, label: "volley chip")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            let description = try await opened.device?.describe()
            await opened.close()
            guard let description else { return }
            Console.output.line(
                json
                    ? String(decoding: RunFolder.json(description), as: UTF8.self)
                    : Self.text(description))
        } catch {
            await opened.close()
            throw error
        }
    }

    /// A description in words.
    static func text(_ description: DeviceDescription) -> String {
        let geometry = description.geometry
        let kind =
            switch description.kind {
            case .emulator: "emulated chip"
            case .board: "chip on a board"
            }
        let rows: [(String, String)] = [
            ("kind", kind),
            ("profile", description.profile),
            ("serial", "\(description.serial)"),
            ("firmware", description.firmware),
            ("calibration", description.calibration),
            (
                "neurons",
                "\(geometry.neuronCircuits) circuits of \(geometry.signedInputsPerCircuit) signed inputs each"
            ),
            ("inputs", "\(geometry.inputChannels) channels"),
            ("weights", "-\(geometry.weightLimit) to \(geometry.weightLimit)"),
            (
                "CADC",
                "0 to \(geometry.cadcMaximum), a sample each \(microseconds(geometry.minimumSamplePeriod)) µs or slower, "
                    + "\(TextFormat.count(geometry.traceMemoryBytes)) bytes a run"
            ),
            (
                "limits",
                "\(TextFormat.count(geometry.maximumEventsPerEntry)) events a pattern, "
                    + "\(TextFormat.count(geometry.maximumEntriesPerBatch)) patterns a batch"
            ),
        ]
        var lines = rows.map { "\(TextFormat.left($0, 13))\($1)" }
        lines.append("effects" + (description.effects.isEmpty ? "      none" : ""))
        lines += description.effects.map { "  \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func microseconds(_ ticks: Int) -> String {
        TextFormat.decimal(ChipClock.microseconds(ticks: ticks), 2)
    }
}
