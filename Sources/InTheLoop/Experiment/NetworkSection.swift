import Settings
import SpikingNetworks

/// Layers and initial weights.
public struct NetworkSection: Sendable, Equatable {
    /// A hidden layer.
    public struct Hidden: Sendable, Equatable {
        /// LIF neurons.
        public var size: Int
        /// Whether the layer drives itself.
        public var recurrent: Bool
    }

    /// Hidden layers from input to readout.
    public var hidden: [Hidden]
    /// Membrane time constant of all layers, in µs.
    public var tauMemMicroseconds: Double
    /// Synaptic time constant of all layers, in µs.
    public var tauSynMicroseconds: Double
    /// Mean of the initial hidden weights.
    public var hiddenMean: Double
    /// Spread of the initial hidden weights: their SD times the root of the fan-in.
    public var hiddenSpread: Double
    /// Spread of the initial readout weights: their SD times the root of the fan-in.
    public var readoutSpread: Double
    /// Whether hidden layers keep their initial weights, for comparison.
    public var freezeHidden: Bool

    /// What all neurons have in common.
    var neuronParameters: LIFParameters {
        LIFParameters(tauMem: tauMemMicroseconds, tauSyn: tauSynMicroseconds)
    }

    init(reading reader: inout FieldReader) throws(FieldError) {
        let count = try reader.elements(of: "network.hidden", default: 1)
        guard (1...16).contains(count) else {
            throw reader.fail("network.hidden", "1 to 16 hidden layers are possible, not \(count)")
        }
        hidden = []
        for index in 0..<count {
            hidden.append(
                Hidden(
                    size: try reader.integer(
                        "network.hidden.\(index).size", 246, in: 1...65_535, "LIF neurons of the layer."),
                    recurrent: try reader.flag(
                        "network.hidden.\(index).recurrent", false, "Whether the layer drives itself.")))
        }
        tauMemMicroseconds = try reader.number(
            "network.tau_mem_us", 6, in: 0.5...60, "Membrane time constant, in µs of chip time.")
        tauSynMicroseconds = try reader.number(
            "network.tau_syn_us", 6, in: 0.3...30, "Synaptic time constant, in µs of chip time.")
        hiddenMean = try reader.number(
            "network.hidden_mean", 0.001, in: -1...1, "Mean of the initial hidden weights.")
        hiddenSpread = try reader.number(
            "network.hidden_spread", 0.1727, in: 0...10,
            "SD of the initial hidden weights times the root of the fan-in.")
        readoutSpread = try reader.number(
            "network.readout_spread", 0.1727, in: 0...10,
            "SD of the initial readout weights times the root of the fan-in.")
        freezeHidden = try reader.flag(
            "network.freeze_hidden", false,
            "Keep the initial hidden weights, as a control that shows what a random layer achieves.")
    }
}
