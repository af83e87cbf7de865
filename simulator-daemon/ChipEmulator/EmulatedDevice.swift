public import Substrate

/// An emulated chip in this process, without a link: for tests and self-checks.
public actor EmulatedDevice: SpikingDevice {
    private var chip: EmulatedChip

    /// The device of a chip.
    public init(_ chip: EmulatedChip) {
        self.chip = chip
    }

    /// Who the chip is and what it can do.
    public func describe() -> DeviceDescription { chip.description }

    /// Runs a batch on the chip; throws `invalidRequest` where it does not fit.
    public func run(_ batch: DeviceBatch) throws(DeviceError) -> Recording {
        try chip.run(batch)
    }
}
