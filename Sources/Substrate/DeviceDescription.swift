/// Who a device is and what it can do.
public struct DeviceDescription: Sendable, Hashable, Codable {
    /// What kind of thing answers.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// A chip in software.
        case emulator
        /// A chip on a board.
        case board
    }

    /// What kind of thing answers.
    public var kind: Kind
    /// Serial of the chip: the same serial is the same chip.
    public var serial: UInt64
    /// Name of the chip profile.
    public var profile: String
    /// Firmware or daemon version.
    public var firmware: String
    /// What the chip has.
    public var geometry: ChipGeometry
    /// What its neurons can be set to; `nil` where the device does not say, and takes targets only.
    public var parameters: NeuronParameters?
    /// The effects that are switched on, for an emulated chip, with their scales, in the profile's words.
    public var effects: [String]
    /// Hash of the device's calibration and profile, in hexadecimal.
    public var calibration: String

    /// A description; every argument has the meaning of the property of its name.
    public init(
        kind: Kind, serial: UInt64, profile: String, firmware: String, geometry: ChipGeometry,
        parameters: NeuronParameters? = nil, effects: [String], calibration: String
    ) {
        self.kind = kind
        self.serial = serial
        self.profile = profile
        self.firmware = firmware
        self.geometry = geometry
        self.parameters = parameters
        self.effects = effects
        self.calibration = calibration
    }
}
