/// A chip that runs batches: what the trainer trains against, and all it knows of a device.
public protocol SpikingDevice: Sendable {
    /// Who the device is and what it can do.
    func describe() async throws(DeviceError) -> DeviceDescription

    /// Runs a batch and returns what was measured.
    ///
    /// The recording's accounting balances, and its shapes are those that the batch asked for.
    func run(_ batch: DeviceBatch) async throws(DeviceError) -> Recording

    /// Runs a batch and hands its entries on as they come, `length` of them at a time, while the device runs the rest.
    ///
    /// Slices come in order and, but for the last one, whole. A slice that begins with entry 0 begins the recording anew:
    /// the device had to repeat the batch, and what came before is void. All slices are provisional until the totals are
    /// returned: a link that fails or a device whose accounting does not balance throws after some of them.
    /// - Parameters:
    ///   - next: says which inputs a later batch will have; is called at most once, when this one is on its way.
    ///   - receive: is called from one thread at a time, and holds the device up while it works.
    func run(
        _ batch: DeviceBatch, slicesOf length: Int, next: @escaping @Sendable () -> ExpectedInputs?,
        receive: @escaping @Sendable (RecordingSlice) -> Void
    ) async throws(DeviceError) -> RecordingTotals

    /// Where a task had best compute that hands over a batch, works on what was measured, and hands over the next; nil
    /// where that does not matter. It must not wait there for another task's batch without suspending itself.
    var hostExecutor: (any TaskExecutor)? { get }
}

extension SpikingDevice {
    /// Anywhere.
    public var hostExecutor: (any TaskExecutor)? { nil }

    /// Runs the whole batch, then hands its slices on: for devices that do not stream, and that inputs do not travel to.
    public func run(
        _ batch: DeviceBatch, slicesOf length: Int, next: @escaping @Sendable () -> ExpectedInputs?,
        receive: @escaping @Sendable (RecordingSlice) -> Void
    ) async throws(DeviceError) -> RecordingTotals {
        let recording = try await run(batch)
        for slice in recording.slices(of: length) { receive(slice) }
        return recording.totals
    }
}
