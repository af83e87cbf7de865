public import SpikingNetworks
public import Substrate

/// Where a network sits on a chip: populations in the order of layers, projections in the order of computation.
public struct Placement: Sendable {
    /// What the chip is configured to.
    public private(set) var configuration: ChipConfiguration
    /// The neurons of each layer, by layer.
    public let neurons: [Range<Int>]

    /// Places a network and checks it against the geometry, if there is one: software has no limits.
    ///
    /// - Throws: the resource that runs out.
    public init(
        _ network: Network, on geometry: ChipGeometry?, chip: ChipSection, hiddenScale: Double,
        noiseSeed: UInt64
    ) throws(MappingError) {
        var projections: [ChipConfiguration.Projection] = []
        for (index, layer) in network.layers.enumerated() {
            projections.append(.init(source: index == 0 ? .inputs : .population(index - 1), target: index))
            if layer.recurrent != nil {
                projections.append(.init(source: .population(index), target: index))
            }
        }
        let period = ChipClock.ticks(microseconds: network.grid.stepMicroseconds)
        configuration = ChipConfiguration(
            inputCount: network.inputCount,
            populations: network.layers.map { layer in
                .init(
                    kind: layer.kind == .spiking ? .spiking : .integrating, size: layer.neurons,
                    targets: NeuronTargets(layer.parameters, chip: chip, hiddenScale: hiddenScale))
            },
            projections: projections, window: period * network.grid.steps,
            sampleCount: network.grid.steps, samplePeriod: period,
            entrySpacing: ChipClock.ticks(microseconds: chip.spacingMicroseconds), noiseSeed: noiseSeed)
        neurons = network.layers.indices.map(configuration.neurons(ofPopulation:))
        if let geometry { try check(against: geometry) }
    }

    /// Takes the codes of calibrations for the neurons whose targets they were made for.
    ///
    /// - Parameter geometry: of the chip, which says whose circuits a neuron takes.
    public mutating func write(_ calibrations: CalibrationSet, on geometry: ChipGeometry) {
        configuration = configuration.calibrated(by: calibrations, on: geometry)
    }

    /// The same placement with the densest spacing, for inference.
    public var inference: ChipConfiguration {
        var dense = configuration
        dense.entrySpacing = 0
        return dense
    }

    private func check(against geometry: ChipGeometry) throws(MappingError) {
        func require(
            _ needed: Int, atMost available: Int, _ resource: String, _ remedy: String
        ) throws(MappingError) {
            guard needed <= available else {
                throw MappingError(
                    resource: resource, needed: needed, available: available, remedy: remedy)
            }
        }
        try require(
            configuration.inputCount, atMost: geometry.inputChannels, "input channels",
            "Reduce the features or encoding.copies.")
        try require(
            configuration.circuitCount(on: geometry), atMost: geometry.neuronCircuits, "neuron circuits",
            "A neuron with n signed inputs takes ceil(n / \(geometry.signedInputsPerCircuit)) of them; "
                + "make the hidden layers smaller.")
        try require(
            configuration.window, atMost: ChipClock.maximumWindow, "ticks of 8 ns in the window",
            "Use fewer grid.steps or a shorter grid.step_us.")
        guard configuration.samplePeriod >= geometry.minimumSamplePeriod else {
            throw MappingError(
                resource: "ticks of 8 ns or less as CADC sample period",
                needed: configuration.samplePeriod, available: geometry.minimumSamplePeriod,
                remedy: "The CADC is slower than this; use a longer grid.step_us.")
        }
    }
}
