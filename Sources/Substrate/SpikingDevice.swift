/// A chip that runs batches: what the trainer trains against, and all it knows of a device.
public protocol SpikingDevice: Sendable {
    /// Who the device is and what it can do.
    func describe() async throws(DeviceError) -> DeviceDescription

    /// Runs a batch and returns what was measured.
    ///
    /// The recording's accounting balances, and its shapes are those that the batch asked for.
    func run(_ batch: DeviceBatch) async throws(DeviceError) -> Recording
}
