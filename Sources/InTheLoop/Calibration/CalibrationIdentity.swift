public import Substrate

/// Whose calibration it is: another chip, profile or firmware needs another one.
public struct CalibrationIdentity: Sendable, Hashable, Codable {
    /// What kind of thing the device is.
    public var kind: DeviceDescription.Kind
    /// Serial of the chip.
    public var serial: UInt64
    /// Name of the chip profile.
    public var profile: String
    /// Firmware or daemon version.
    public var firmware: String
    /// The device's hash of its profile, in hexadecimal.
    public var fingerprint: String
    /// Neuron circuits.
    public var circuits: Int

    /// The identity of a device.
    public init(_ description: DeviceDescription) {
        kind = description.kind
        serial = description.serial
        profile = description.profile
        firmware = description.firmware
        fingerprint = description.calibration
        circuits = description.geometry.neuronCircuits
    }
}
