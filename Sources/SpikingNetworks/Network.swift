/// Layers of spiking neurons and a readout on a time grid.
public struct Network: Sendable {
    /// First to last, the last one integrating (the readout), all others spiking.
    public var layers: [Layer]
    /// Time steps.
    public var grid: TimeGrid
    /// How membranes follow currents.
    public var integration: Integration
    /// What a spike does to a modelled membrane.
    public var reset: Reset
    /// What stands for the derivative of the step function.
    public var surrogate: any SurrogateGradient
    /// What stands for the step function.
    public var spikeFunction: SpikeFunction
    /// Layers whose gradients are neither computed nor applied.
    public var frozenLayers: Set<Int>

    /// A network. Traps if the layers do not fit each other, if their kinds are not spiking, ..., integrating, or if
    /// the smoothed step comes with a reset.
    public init(
        layers: [Layer], grid: TimeGrid, integration: Integration = .releasedCode, reset: Reset = .subtract,
        surrogate: any SurrogateGradient = SuperSpike(), spikeFunction: SpikeFunction = .step,
        frozenLayers: Set<Int> = []
    ) {
        precondition(!layers.isEmpty, "a network without layers")
        for index in layers.indices {
            let wanted: Layer.Kind = index == layers.count - 1 ? .integrating : .spiking
            precondition(layers[index].kind == wanted, "layer \(index) is not \(wanted)")
            precondition(
                index == 0 || layers[index].sources == layers[index - 1].neurons,
                "layer \(index) has \(layers[index].sources) sources after "
                    + "\(layers[max(index, 1) - 1].neurons) neurons")
            precondition(layers[index].sources <= 65536, "\(layers[index].sources) sources, at most 65536")
        }
        precondition(
            spikeFunction == .step || reset == .off,
            "the smoothed step has no reset: the gradient does not go through it")
        self.layers = layers
        self.grid = grid
        self.integration = integration
        self.reset = reset
        self.surrogate = surrogate
        self.spikeFunction = spikeFunction
        self.frozenLayers = frozenLayers
    }

    /// Number of input channels.
    public var inputCount: Int { layers.first?.sources ?? 0 }
    /// Number of readout neurons.
    public var outputCount: Int { layers.last?.neurons ?? 0 }
}
