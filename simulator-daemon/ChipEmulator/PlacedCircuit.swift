import Substrate

/// A circuit and the neuron of the network that it is.
struct PlacedCircuit {
    /// Index of the population.
    var population: Int
    /// Index of the neuron in it.
    var index: Int
    /// What the neuron does at its threshold.
    var kind: ChipConfiguration.Population.Kind
    /// The circuit as it was programmed.
    var circuit: NeuronCircuit
}
