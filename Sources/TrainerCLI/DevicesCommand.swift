import ArgumentParser
import DeviceTransport
import Foundation
import InTheLoop
import Substrate

/// `volley devices`.
struct DevicesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devices",
        abstract: "Ask addresses who is there and whether the chip is free.",
        discussion: """
            Without addresses, those of $VOLLEY_DEVICES (separated by spaces) are asked,
            then the sockets in $XDG_RUNTIME_DIR/volley and /tmp/volley, then
            zmq+tcp://127.0.0.1:7755.

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

    /// What was found at an address.
    struct Finding: Encodable {
        /// The address.
        var address: String
        /// Who answers; nil if nobody does.
        var device: DeviceDescription?
        /// Who has the chip, if anyone.
        var holder: String?
        /// Why nobody answers.
        var problem: String?

        /// The finding in a line.
        var text: String {
            guard let device else { return "\(address)\n    \(problem ?? "no answer")" }
            let state = holder.map { "in use by \($0)" } ?? "free"
            return "\(address)\n    \(device.kind.rawValue) \(device.profile) serial \(device.serial), \(state)"
        }
    }

    func run() async throws {
        let asked =
            addresses.isEmpty
            ? Self.usual(environment: ProcessInfo.processInfo.environment) : addresses
        var findings: [Finding] = []
        for address in asked { findings.append(await Self.ask(address)) }
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

    private static func ask(_ address: String) async -> Finding {
        var finding = Finding(address: address)
        do {
            let uri = try DeviceURI(address)
            let device = OpenedDevice.device(at: uri, label: "volley devices") {
                $0.contactPatience = .seconds(2)
            }
            do {
                finding.device = try await device.describe()
                finding.holder = try await device.deviceHealth().holder?.label
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
