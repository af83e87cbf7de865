/// Everything but the weights that must be written to a chip before a batch can run.
///
/// Logical neurons are numbered through the populations in order: population 0 holds neurons `0..<size`, and so on.
/// The same numbers name them in spikes, CADC columns and synapse columns.
public struct ChipConfiguration: Sendable, Hashable, Codable {
    /// External inputs, numbered from zero.
    public var inputCount: Int
    /// Groups of like neurons.
    public var populations: [Population]
    /// Who drives whom; the order is the order of the blocks of `SynapseMatrix`.
    public var projections: [Projection]
    /// Length of a batch entry, in ticks; later events neither enter nor leave.
    public var window: Int
    /// CADC samples of an entry; sample `k` is taken at `k * samplePeriod`.
    public var sampleCount: Int
    /// Distance of CADC samples, in ticks.
    public var samplePeriod: Int
    /// Start-to-start distance of entries, in ticks; zero means as dense as the device can.
    public var entrySpacing: Int
    /// Key of the device's temporal noise, where it is emulated; a board ignores it.
    public var noiseSeed: UInt64

    /// A configuration; every argument has the meaning of the property of its name.
    public init(
        inputCount: Int, populations: [Population], projections: [Projection], window: Int,
        sampleCount: Int, samplePeriod: Int, entrySpacing: Int = 0, noiseSeed: UInt64
    ) {
        self.inputCount = inputCount
        self.populations = populations
        self.projections = projections
        self.window = window
        self.sampleCount = sampleCount
        self.samplePeriod = samplePeriod
        self.entrySpacing = entrySpacing
        self.noiseSeed = noiseSeed
    }

    /// Logical neurons over all populations.
    public var neuronCount: Int { populations.reduce(0) { $0 + $1.size } }

    /// The neurons of a population.
    public func neurons(ofPopulation index: Int) -> Range<Int> {
        let start = populations[..<index].reduce(0) { $0 + $1.size }
        return start..<start + populations[index].size
    }

    /// The number of sources of a projection.
    public func sourceCount(_ projection: Projection) -> Int {
        switch projection.source {
        case .inputs: inputCount
        case .population(let index): populations[index].size
        }
    }

    /// Signed inputs of each neuron of a population.
    public func fanIn(ofPopulation index: Int) -> Int {
        projections.lazy.filter { $0.target == index }.reduce(0) { $0 + sourceCount($1) }
    }

    /// Neuron circuits that the network takes on a chip of this geometry.
    public func circuitCount(on geometry: ChipGeometry) -> Int {
        populations.indices.reduce(0) {
            $0 + populations[$1].size * geometry.circuits(fanIn: fanIn(ofPopulation: $1))
        }
    }

    /// The circuit that holds the parameters and the CADC column of each neuron of a population.
    ///
    /// Logical neurons take circuits in order, each as many as its fan-in needs; the first of them is meant.
    public func circuits(ofPopulation index: Int, on geometry: ChipGeometry) -> StrideTo<Int> {
        let start = populations.indices.prefix(index).reduce(0) {
            $0 + populations[$1].size * geometry.circuits(fanIn: fanIn(ofPopulation: $1))
        }
        let merged = geometry.circuits(fanIn: fanIn(ofPopulation: index))
        return stride(from: start, to: start + merged * populations[index].size, by: merged)
    }

    /// Weight codes of all projections together.
    public var synapseCount: Int {
        projections.reduce(0) { $0 + sourceCount($1) * populations[$1.target].size }
    }
}

extension ChipConfiguration {
    /// A group of like neurons.
    public struct Population: Sendable, Hashable, Codable {
        /// What its neurons do when the membrane crosses the threshold.
        public enum Kind: String, Sendable, Hashable, Codable {
            /// Leaky integrate-and-fire.
            case spiking
            /// Leaky integrator: the comparator is off.
            case integrating
        }

        /// What its neurons do when the membrane crosses the threshold.
        public var kind: Kind
        /// Number of neurons.
        public var size: Int
        /// What they shall be.
        public var targets: NeuronTargets
        /// What is written for that, neuron by neuron, where a calibration has found it; empty for the codes that give
        /// the targets on paper.
        public var codes: [NeuronCodes]

        /// A group of like neurons.
        public init(kind: Kind, size: Int, targets: NeuronTargets, codes: [NeuronCodes] = []) {
            self.kind = kind
            self.size = size
            self.targets = targets
            self.codes = codes
        }
    }

    /// All-to-all synapses from a source to a population.
    public struct Projection: Sendable, Hashable, Codable {
        /// Where events come from.
        public enum Source: Sendable, Hashable, Codable {
            /// The external inputs.
            case inputs
            /// The spikes of a population, by its index.
            case population(Int)
        }

        /// Where events come from.
        public var source: Source
        /// Index of the population that receives them.
        public var target: Int

        /// All-to-all synapses from `source` to population `target`.
        public init(source: Source, target: Int) {
            self.source = source
            self.target = target
        }
    }
}
