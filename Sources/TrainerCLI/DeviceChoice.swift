import ArgumentParser
import DeviceTransport

/// What runs the forward passes.
enum DeviceChoice: Hashable {
    /// The model on this machine.
    case software
    /// A chip behind an address.
    case remote(DeviceURI)
    /// An emulated chip that the command starts and stops.
    case bundled(serial: UInt64, profile: String?)
}

/// The options that choose a device.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The chip behind an address: zmq+tcp://HOST:PORT or zmq+ipc:///PATH.", valueName: "uri"))
    var device: String?

    @Option(
        help: ArgumentHelp(
            "Which emulated chip to start: the same serial is the same chip (default: 1).",
            valueName: "number"))
    var serial: UInt64?

    @Option(
        help: ArgumentHelp(
            "What kind of emulated chip to start; `volleyd --help` lists them.", valueName: "name"))
    var profile: String?

    @Flag(help: "No chip: the model on this machine, by the same code.")
    var software = false

    /// Refuses options that contradict each other, and addresses that cannot be understood.
    func validate() throws {
        if software, device != nil || serial != nil || profile != nil {
            throw ValidationError("--software uses no chip; leave out --device, --serial, --profile.")
        }
        if device != nil, serial != nil || profile != nil {
            throw ValidationError(
                "--serial and --profile are for the chip that volley starts; "
                    + "the one behind --device has its own.")
        }
        if let device {
            do { _ = try DeviceURI(device) } catch { throw ValidationError(error.detail) }
        }
    }

    /// What the user asked for; nil for nothing.
    var choice: DeviceChoice? {
        if software { return .software }
        if let device { return (try? DeviceURI(device)).map(DeviceChoice.remote) }
        guard serial != nil || profile != nil else { return nil }
        return .bundled(serial: serial ?? 1, profile: profile)
    }

    /// The chip that is started where nothing else is said.
    static let firstChip = DeviceChoice.bundled(serial: 1, profile: nil)
}
