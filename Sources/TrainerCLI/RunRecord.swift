import DeviceTransport
import Foundation
import InTheLoop
import Substrate

/// `run.json`: with what a run was made, so that it can be judged later and taken up again.
struct RunRecord: Codable, Equatable {
    /// Version of this software.
    var version: String
    /// When the run began, UTC.
    var started: String
    /// The command as it was given.
    var command: [String]
    /// Operating system and its version.
    var system: String
    /// Folder of the data set, where the user gave one.
    var dataFolder: String?
    /// Address of the device, where it was the user's own.
    var endpoint: String?
    /// Name of a shipped chip profile, or the absolute path of a profile's file; nil where the device was the user's
    /// own, and for the default profile.
    var chipProfile: String?
    /// Fields that were set over the profile, as `FIELD=VALUE`.
    var chipSettings: [String]?
    /// The device; nil in software.
    var device: DeviceDescription?
    /// The devices that the run used before this one, in order; nil where it has always been on this one.
    var earlierDevices: [EarlierDevice]?

    /// A device that a run has left for another one.
    struct EarlierDevice: Codable, Equatable {
        /// The device; nil for software.
        var device: DeviceDescription?
        /// Minibatches of the run that were done when it went on elsewhere.
        var minibatches: Int
        /// When it was left, UTC.
        var left: String
    }

    /// The record of a run that begins now.
    init(choice: DeviceChoice, device: DeviceDescription?, dataFolder: String?) {
        version = VolleyVersion.current
        started = Date().formatted(.iso8601)
        command = CommandLine.arguments
        system = ProcessInfo.processInfo.operatingSystemVersionString
        self.dataFolder = dataFolder
        use(choice, device)
    }

    private mutating func use(_ choice: DeviceChoice, _ device: DeviceDescription?) {
        (endpoint, chipProfile, chipSettings) = (nil, nil, nil)
        switch choice {
        case .remote(let uri): endpoint = uri.description
        case .bundled(_, let profile, let settings): (chipProfile, chipSettings) = (profile, settings)
        case .software: break
        }
        self.device = device
    }

    /// The record of a run folder.
    ///
    /// - Throws: `io` or `corrupt`.
    init(of folder: RunFolder) throws(RunError) {
        let text = try folder.text("run.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(Self.self, from: Data(text.utf8))
        } catch {
            throw RunError(.corrupt, "\(folder.url.path)/run.json is not the record of a run.")
        }
    }

    /// The device that the run used.
    var choice: DeviceChoice {
        if let endpoint, let uri = try? DeviceURI(endpoint) { return .remote(uri) }
        guard let device else { return .software }
        return .bundled(
            serial: device.serial, profile: chipProfile ?? device.profile, settings: chipSettings ?? [])
    }

    /// Refuses to go on with a run on another device that nobody chose: the result would be of neither.
    func check(_ found: DeviceDescription?) throws {
        guard !isOn(found) else { return }
        throw CommandError(
            .badInput,
            "This run was trained on \(Self.words(device)), but here is \(Self.words(found)). Go on with the same "
                + "device, move the run to this one by naming it (--device, --serial, --profile or --software), or "
                + "try the weights on it with `volley evaluate`.")
    }

    /// Takes the run to the device that was chosen for it, which may be the same one at another address.
    ///
    /// - Parameter minibatches: how many of the run are done.
    /// - Returns: what to tell of the move; nil where the device is the same.
    mutating func move(to choice: DeviceChoice, _ found: DeviceDescription?, after minibatches: Int) -> String? {
        let isSame = isOn(found)
        defer { use(choice, found) }
        guard !isSame else { return nil }
        earlierDevices =
            (earlierDevices ?? []) + [
                EarlierDevice(device: device, minibatches: minibatches, left: Date().formatted(.iso8601))
            ]
        return "This run was trained on \(Self.words(device)) for \(TextFormat.count(minibatches)) minibatches; "
            + "it goes on on \(Self.words(found))."
    }

    /// Whether a device is the one that the run is on, at whatever address.
    private func isOn(_ found: DeviceDescription?) -> Bool {
        guard let device, let found else { return device == nil && found == nil }
        return device.kind == found.kind && device.serial == found.serial
            && device.profile == found.profile && device.calibration == found.calibration
    }

    private static func words(_ device: DeviceDescription?) -> String {
        guard let device else { return "software" }
        return "\(device.kind.rawValue) \(device.profile) serial \(device.serial) "
            + "(calibration \(device.calibration.prefix(12)))"
    }
}
