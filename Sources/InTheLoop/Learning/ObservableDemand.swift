/// What a learning rule needs to see of a device's run; checked against the device before anything runs.
public struct ObservableDemand: Sendable, Equatable {
    /// Spikes of all spiking layers.
    public var spikes: Bool
    /// Membranes of the hidden layers; those of the readout are always recorded.
    public var hiddenMembranes: Bool

    /// A demand.
    public init(spikes: Bool, hiddenMembranes: Bool) {
        self.spikes = spikes
        self.hiddenMembranes = hiddenMembranes
    }
}
