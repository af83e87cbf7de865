import ArgumentParser
import DeviceLinks
import DeviceTransport
import Foundation
import InTheLoop
import Substrate

/// `volley devices`.
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "List boards and daemons: who they are, and who has the chip.",
        discussion: """
            Without addresses these are asked: boards on USB, the addresses of
            $VOLLEY_DEVICES (separated by spaces), the sockets in $XDG_RUNTIME_DIR/volley and
            /tmp/volley, and zmq+tcp://127.0.0.1:7755.

            EXAMPLES
              volley devices
              volley devices zmq+tcp://127.0.0.1:7755 zmq+ipc:///tmp/chip.sock --json
            """)

    @Argument(help: ArgumentHelp("Addresses of devices.", valueName: "uri"))
    var addresses: [String] = []

    @Flag(help: "Print as JSON.")
    var json = false

    func validate() throws {
        for address in addresses {
            do { _ = try DeviceURI(address) } catch { throw ValidationError(error.detail) }
        }
    }

    func run() async throws {
        var findings: [DeviceFinding] = []
        if addresses.isEmpty {
            for address in Self.usual(environment: ProcessInfo.processInfo.environment) {
                findings.append(await Self.ask(address))
            }
            for board in Self.boards() {
                findings.append(board.problem == nil ? await Self.ask(board.address) : board)
            }
        } else {
            for address in addresses { findings.append(await Self.ask(address)) }
        }
        if json {
            Console.output.line(String(decoding: RunFolder.json(findings), as: UTF8.self))
        } else {
            for finding in findings { Console.output.line(finding.text) }
            if !findings.contains(where: { $0.device != nil }) {
                Console.output.line(
                    "Without --device, volley starts an emulated chip of its own; "
                        + "volleyd --listen URI serves one for longer.")
            }
        }
        // An address that the user named should have answered.
        if !addresses.isEmpty, findings.contains(where: { $0.device == nil }) {
            throw ExitCode(ExitStatus.unavailable.rawValue)
        }
    }

    /// The addresses that are asked where none is named.
    static func usual(environment: [String: String]) -> [String] {
        var result = environment["VOLLEY_DEVICES", default: ""].split(separator: " ").map(String.init)
        var folders = ["/tmp/volley"]
        if let runtime = environment["XDG_RUNTIME_DIR"], !runtime.isEmpty {
            folders.insert("\(runtime)/volley", at: 0)
        }
        for folder in folders {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            result += names.filter { $0.hasSuffix(".sock") }.sorted()
                .map { "zmq+ipc://\(folder)/\($0)" }
        }
        return result + ["zmq+tcp://127.0.0.1:7755"]
    }

    /// The boards on USB, as they present themselves without a link.
    private static func boards() -> [DeviceFinding] {
        do {
            return try ConnectedBoard.all().map { DeviceFinding(address: $0.uri.description, problem: $0.problem) }
        } catch {
            return [DeviceFinding(address: "usb:", problem: "USB cannot be searched: \(error)")]
        }
    }

    private static func ask(_ address: String) async -> DeviceFinding {
        var finding = DeviceFinding(address: address)
        do {
            let uri = try DeviceURI(address)
            let device = OpenedDevice.device(at: uri, label: "volley devices") {
                $0.contactPatience = .seconds(2)
            }
            do {
                finding.device = try await device.describe()
                finding.protocolVersion = await device.protocolVersion
                let health = try await device.deviceHealth()
                finding.holder = health.holder?.label
                finding.state = DeviceFinding.State(health)
            } catch {
                finding.problem = error.detail
            }
            await device.close()
        } catch {
            finding.problem = "\(error)"
        }
        return finding
    }
}
