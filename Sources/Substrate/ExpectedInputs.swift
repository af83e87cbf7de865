/// The inputs that a later batch will have, so that they can travel while another one runs.
///
/// A promise of nothing: a batch that comes with other inputs, or not at all, is as good.
public struct ExpectedInputs: Sendable {
    /// The later batch's number.
    public var batch: UInt64
    /// Its input events.
    public var inputs: SpikeTrains
    /// What it will run on.
    public var configuration: ChipConfiguration

    /// The inputs of a batch.
    public init(_ inputs: SpikeTrains, of batch: UInt64, on configuration: ChipConfiguration) {
        self.batch = batch
        self.inputs = inputs
        self.configuration = configuration
    }
}
