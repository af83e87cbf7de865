public import Substrate

/// A chip in software: the same profile and serial are the same chip, bit for bit.
public struct EmulatedChip: Sendable {
    /// What kind of chip it is.
    public let profile: ChipProfile
    /// Which one of its kind it is.
    public let serial: UInt64

    /// The chip of a serial; `threads` is the number of workers, all cores if `nil`.
    public init(profile: ChipProfile, serial: UInt64, threads: Int? = nil) {
        self.profile = profile
        self.serial = serial
    }

    /// Who the chip is and what it can do.
    public var description: DeviceDescription {
        DeviceDescription(
            kind: .emulator, serial: serial, profile: profile.name, firmware: "0.1.0",
            geometry: profile.geometry, effects: profile.effects, calibration: "")
    }

    /// Runs a batch; throws `invalidRequest` where it does not fit the chip.
    public mutating func run(_ batch: DeviceBatch) throws(DeviceError) -> Recording {
        throw DeviceError(.unavailable, "the chip is not powered yet")
    }
}
