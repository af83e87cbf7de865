import Settings
public import SpikingNetworks

/// The computation graph of the host.
public struct GraphSection: Sendable, Equatable {
    /// What is measured on the device and takes the place of the model's values.
    public enum Measured: String, Sendable, CaseIterable {
        /// Spikes and membranes of all neurons.
        case membranes
        /// Spikes of all neurons, membranes of the readout only; hidden membranes are modelled.
        case spikes
    }

    /// What stands for a measured membrane where a spike was measured too.
    public enum MembraneAtSpike: String, Sendable, CaseIterable {
        /// At least the threshold and the overshoot: the spike shows that the membrane went there.
        case crossing
        /// The sample, which the chip's reset has mostly wiped out.
        case sampled
    }

    /// How currents and membranes advance.
    public var integration: Integration
    /// What a spike does to the modelled membrane, in software runs and where membranes are not measured.
    public var reset: Reset
    /// Slope of the surrogate gradient.
    public var surrogateSlope: Double
    /// What is measured.
    public var measured: Measured
    /// What stands for a measured membrane where a spike was measured too.
    public var membraneAtSpike: MembraneAtSpike
    /// How far above the threshold a membrane stands at the first grid point after it crossed, in model units.
    public var overshoot: Double

    /// What a membrane is at least where a spike was measured, in model units; nil for the sample as it is.
    var spikeMembrane: Double? {
        switch membraneAtSpike {
        case .crossing: 1 + overshoot
        case .sampled: nil
        }
    }

    init(reading reader: inout FieldReader) throws(FieldError) {
        integration = try reader.choice(
            "graph.integration", .releasedCode,
            "released_code: V[t+1] = b V[t] + k I[t+1]; paper_text: I[t] instead; exponential: exact propagator.")
        reset = try reader.choice(
            "graph.reset", .subtract,
            "What a spike does to a modelled membrane: subtract the threshold, or set it to zero.")
        surrogateSlope = try reader.number(
            "graph.surrogate_slope", 50, in: 0.1...10_000,
            "beta of the surrogate gradient 1 / (beta |V - threshold| + 1)^2.")
        measured = try reader.choice(
            "graph.measured", .membranes,
            "What the device records for the gradient: spikes and membranes, or spikes only.")
        membraneAtSpike = try reader.choice(
            "graph.membrane_at_spike", .crossing,
            "Measured membrane where a spike was measured: at least threshold + overshoot, or the sample after the reset."
        )
        overshoot = try reader.number(
            "graph.overshoot", 0.03, in: 0...10,
            "How far a membrane stands above the threshold at the grid point after it crossed, of (threshold - leak).")
    }
}
