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

    /// The record of a run that begins now.
    init(choice: DeviceChoice, device: DeviceDescription?, dataFolder: String?) {
        version = VolleyVersion.current
        started = Date().formatted(.iso8601)
        command = CommandLine.arguments
        system = ProcessInfo.processInfo.operatingSystemVersionString
        self.dataFolder = dataFolder
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

    /// Refuses to go on with a run on another device: the result would be of neither.
    func check(_ found: DeviceDescription?) throws {
        guard let device, let found else {
            guard device == nil, found == nil else {
                throw mismatch(found.map(Self.words) ?? "software")
            }
            return
        }
        let isSame =
            device.kind == found.kind && device.serial == found.serial
            && device.profile == found.profile && device.calibration == found.calibration
        if !isSame { throw mismatch(Self.words(found)) }
    }

    private func mismatch(_ found: String) -> CommandError {
        CommandError(
            .badInput,
            "This run was trained on \(device.map(Self.words) ?? "software"), but here is \(found). "
                + "Go on with the same device, or try the weights on this one with `volley evaluate`.")
    }

    private static func words(_ device: DeviceDescription) -> String {
        "\(device.kind.rawValue) \(device.profile) serial \(device.serial) "
            + "(calibration \(device.calibration.prefix(12)))"
    }
}
