import ArgumentParser
import InTheLoop
import Substrate

/// `volley chip`.
struct ChipCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chip",
        abstract: "Describe the chip behind an address, or the one that volley would start.",
        discussion: """
            Prints geometry, limits, what neurons can be set to, health and the effects that are on.

            EXAMPLES
              volley chip --device zmq+tcp://127.0.0.1:7755
              volley chip --profile memristive
              volley chip --profile mine.yaml --chip-set noise.membrane_lsb=2
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
            device.choice(else: DeviceOptions.firstChip), label: "volley chip")
        let watch = SignalWatch.abandoning(opened)
        defer { watch.end() }
        do {
            let description = try await opened.device?.describe()
            let health = try await opened.health()
            await opened.close()
            guard let description else { return }
            let report = ChipReport(description: description, health: health.map(ChipReport.Health.init))
            Console.output.line(
                json
                    ? String(decoding: RunFolder.json(report), as: UTF8.self)
                    : ChipSheet(description, health: health).text)
        } catch {
            await opened.close()
            throw error
        }
    }
}
