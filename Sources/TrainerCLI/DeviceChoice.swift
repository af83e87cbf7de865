import ArgumentParser
import DeviceTransport
import Foundation

/// What runs the forward passes.
enum DeviceChoice: Hashable {
    /// The model on this machine.
    case software
    /// A chip behind an address.
    case remote(DeviceURI)
    /// An emulated chip that the command starts and stops: of a shipped profile or a profile's file, by its absolute path
    /// (nil for the default), with fields set as `FIELD=VALUE`.
    case bundled(serial: UInt64, profile: String?, settings: [String])
}

extension DeviceChoice {
    /// An emulated chip like this one, with what is given instead: another serial is a chip of the same kind, and
    /// settings are made over those that are there, but belong to the profile that they were made over.
    func chip(serial: UInt64? = nil, profile: String? = nil, settings: [String] = []) -> DeviceChoice {
        var chip: (serial: UInt64, profile: String?, settings: [String]) = (1, nil, [])
        if case .bundled(let serial, let profile, let settings) = self { chip = (serial, profile, settings) }
        if let serial { chip.serial = serial }
        if let profile { (chip.profile, chip.settings) = (Self.resolved(profile), []) }
        return .bundled(serial: chip.serial, profile: chip.profile, settings: chip.settings + settings)
    }

    /// A profile's file as an absolute path, so that a run can be taken up from elsewhere; names have no slash or dot.
    private static func resolved(_ profile: String) -> String {
        profile.contains { $0 == "/" || $0 == "." } ? URL(fileURLWithPath: profile).path : profile
    }
}

/// The options that choose a device.
struct DeviceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The chip behind an address: \(DeviceURI.forms).", valueName: "uri"))
    var device: String?

    @Option(
        help: ArgumentHelp(
            "Which emulated chip to start: the same serial is the same chip (default: 1).",
            valueName: "number"))
    var serial: UInt64?

    @Option(
        help: ArgumentHelp(
            "What kind of emulated chip to start: a name (`volleyd profile list`) or a profile's file.",
            valueName: "name|file"))
    var profile: String?

    @Option(
        help: ArgumentHelp(
            "Set a field of the chip's profile (`volleyd profile fields`); may be repeated.",
            valueName: "field=value"))
    var chipSet: [String] = []

    @Flag(help: "No chip: the model on this machine, by the same code.")
    var software = false

    /// Refuses options that contradict each other, and addresses that cannot be understood.
    func validate() throws {
        let choosesChip = serial != nil || profile != nil || !chipSet.isEmpty
        if software, device != nil || choosesChip {
            throw ValidationError(
                "--software uses no chip; leave out --device, --serial, --profile, --chip-set.")
        }
        if device != nil, choosesChip {
            throw ValidationError(
                "--serial, --profile and --chip-set are for the chip that volley starts; "
                    + "the one behind --device has its own.")
        }
        if let device {
            do { _ = try DeviceURI(device) } catch { throw ValidationError(error.detail) }
        }
        try Self.check(chipSet: chipSet)
    }

    /// Refuses settings of a chip that are none.
    static func check(chipSet: [String]) throws {
        for setting in chipSet where setting.firstIndex(of: "=") ?? setting.startIndex == setting.startIndex {
            throw ValidationError(
                "--chip-set \(setting): write FIELD=VALUE, such as noise.membrane_lsb=2.")
        }
    }

    /// Whether anything is said of the device.
    var isGiven: Bool { software || device != nil || serial != nil || profile != nil || !chipSet.isEmpty }

    /// What the user asked for.
    ///
    /// - Parameter fallback: what is used where nothing is said. Of its emulated chip everything that the options
    ///   leave open is taken: another serial is a chip of the same kind, and a field is set over those set already.
    func choice(else fallback: DeviceChoice) -> DeviceChoice {
        if software { return .software }
        if let device, let uri = try? DeviceURI(device) { return .remote(uri) }
        guard serial != nil || profile != nil || !chipSet.isEmpty else { return fallback }
        return fallback.chip(serial: serial, profile: profile, settings: chipSet)
    }

    /// The chip that is started where nothing else is said.
    static let firstChip = DeviceChoice.bundled(serial: 1, profile: nil, settings: [])
}
