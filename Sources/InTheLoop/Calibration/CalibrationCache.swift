internal import Crypto
public import Foundation
public import Substrate

/// The folder in which calibrations are kept, by identity and targets.
public struct CalibrationCache: Sendable, Hashable {
    /// The folder; it need not exist yet.
    public let folder: URL

    /// A cache in a folder.
    public init(folder: URL) {
        self.folder = folder
    }

    /// The usual folder: `$VOLLEY_CACHE/calibrations`, else `$XDG_CACHE_HOME/volley/calibrations`, else
    /// `~/.cache/volley/calibrations`; `nil` without a home.
    public init?(environment: [String: String]) {
        func value(_ name: String) -> String? {
            environment[name].flatMap { $0.isEmpty ? nil : $0 }
        }
        let base =
            value("VOLLEY_CACHE") ?? value("XDG_CACHE_HOME").map { "\($0)/volley" }
            ?? value("HOME").map { "\($0)/.cache/volley" }
        guard let base else { return nil }
        folder = URL(fileURLWithPath: base).appendingPathComponent("calibrations")
    }

    /// Where the calibration of a device for targets is kept.
    public func file(of device: CalibrationIdentity, targets: NeuronTargets) -> URL {
        let key = SHA256.hash(data: RunFolder.json(Key(device: device, targets: targets)))
        let digits = key.prefix(8).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        // A profile's name is the user's; only the hash has to tell files apart.
        let name = String(device.profile.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
        return folder.appendingPathComponent("\(name)-\(device.serial)-\(digits).json")
    }

    /// The calibration that is kept; `nil` if there is none.
    ///
    /// - Throws: `corrupt` if the file is damaged, `io` if it cannot be read.
    public func load(
        _ device: CalibrationIdentity, targets: NeuronTargets
    ) throws(RunError) -> CalibrationResult? {
        let file = file(of: device, targets: targets)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let result = try CalibrationResult(decoding: AtomicFile.read(file), source: file.path)
        guard result.device == device, result.targets == targets else {
            throw RunError(
                .corrupt, "\(file.path) is of another device or of other targets",
                remedy: "Remove the file, and calibrate again with `volley calibrate`.")
        }
        return result
    }

    /// Keeps a calibration in place of an earlier one.
    ///
    /// - Returns: the file.
    /// - Throws: `io`, with the path and the system's reason.
    @discardableResult
    public func save(_ result: CalibrationResult) throws(RunError) -> URL {
        let file = file(of: result.device, targets: result.targets)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw RunError(
                .io, "cannot make \(folder.path): \(AtomicFile.reason(error))",
                remedy: "Name another folder with VOLLEY_CACHE.")
        }
        try AtomicFile.write(result.encoded, to: file)
        return file
    }

    private struct Key: Encodable {
        var device: CalibrationIdentity
        var targets: NeuronTargets
    }
}
