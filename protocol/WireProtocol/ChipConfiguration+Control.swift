package import Substrate

extension PBConfigure {
    /// The wire's form of a configuration (`protocol/SPEC.md`, CONFIGURE), which must be free of flaws.
    init(_ configuration: ChipConfiguration) {
        self.init()
        inputCount = UInt32(configuration.inputCount)
        populations = configuration.populations.map(PBPopulation.init)
        projections = configuration.projections.map(PBProjection.init)
        window = UInt32(configuration.window)
        sampleCount = UInt32(configuration.sampleCount)
        samplePeriod = UInt32(configuration.samplePeriod)
        entrySpacing = UInt32(configuration.entrySpacing)
        noiseSeed = configuration.noiseSeed
    }

    /// The configuration; whether it is free of flaws is for the caller to check.
    ///
    /// - Throws: `unknownCode` for a kind that is not known.
    func configuration() throws(WireError) -> ChipConfiguration {
        var groups: [ChipConfiguration.Population] = []
        for population in populations { groups.append(try population.population()) }
        return ChipConfiguration(
            inputCount: Int(inputCount), populations: groups,
            projections: projections.map(\.projection), window: Int(window),
            sampleCount: Int(sampleCount), samplePeriod: Int(samplePeriod),
            entrySpacing: Int(entrySpacing), noiseSeed: noiseSeed)
    }
}

extension PBPopulation {
    /// The wire's form of a population.
    init(_ population: ChipConfiguration.Population) {
        self.init()
        switch population.kind {
        case .spiking: kind = .spiking
        case .integrating: kind = .integrating
        }
        size = UInt32(population.size)
        targets = PBTargets(population.targets)
        codes = .init(CodesBlock.encode(population.codes))
    }

    /// The population.
    ///
    /// - Throws: `unknownCode` for a kind that is not known, `unfit` for codes that do not end with a neuron.
    func population() throws(WireError) -> ChipConfiguration.Population {
        let kind: ChipConfiguration.Population.Kind
        switch self.kind {
        case .spiking: kind = .spiking
        case .integrating: kind = .integrating
        case .unknown, .UNRECOGNIZED:
            throw WireError(.unknownCode, at: 0, expected: 2, found: UInt64(truncatingIfNeeded: self.kind.rawValue))
        }
        return ChipConfiguration.Population(
            kind: kind, size: Int(size), targets: targets.targets,
            codes: try CodesBlock.decode(Array(codes)[...]))
    }
}

extension PBTargets {
    /// The wire's form of targets.
    init(_ targets: NeuronTargets) {
        self.init()
        leak = targets.leak
        reset = targets.reset
        threshold = targets.threshold
        tauMem = targets.tauMem
        tauSynExcitatory = targets.tauSynExcitatory
        tauSynInhibitory = targets.tauSynInhibitory
        refractory = targets.refractory
        synapticGain = targets.synapticGain
    }

    /// The targets.
    var targets: NeuronTargets {
        NeuronTargets(
            leak: leak, reset: reset, threshold: threshold, tauMem: tauMem,
            tauSynExcitatory: tauSynExcitatory, tauSynInhibitory: tauSynInhibitory,
            refractory: refractory, synapticGain: synapticGain)
    }
}

extension PBProjection {
    /// The wire's form of a projection.
    init(_ projection: ChipConfiguration.Projection) {
        self.init()
        switch projection.source {
        case .inputs: break
        case .population(let index): sourcePopulation = UInt32(index)
        }
        target = UInt32(projection.target)
    }

    /// The projection; its indices are for the caller to check.
    var projection: ChipConfiguration.Projection {
        ChipConfiguration.Projection(
            source: hasSourcePopulation ? .population(Int(sourcePopulation)) : .inputs,
            target: Int(target))
    }
}

extension ChipConfiguration {
    /// Neurons and inputs that event addresses can express.
    private static let unitLimit = 65_536
    /// Synapses of a configuration that a message can carry.
    package static let synapseLimit = 16_000_000

    /// What makes the configuration impossible on any chip of this protocol; `nil` when nothing does.
    package var flaw: String? {
        guard 0...Self.unitLimit ~= inputCount else {
            return "the number of inputs, \(inputCount), is not in 0...\(Self.unitLimit)"
        }
        for (index, population) in populations.enumerated()
        where !(1...Self.unitLimit ~= population.size) {
            return "population \(index) has \(population.size) neurons, not 1...\(Self.unitLimit)"
        }
        for (index, population) in populations.enumerated()
        where !(population.codes.isEmpty || population.codes.count == population.size) {
            return "population \(index) has parameter codes for \(population.codes.count) of its "
                + "\(population.size) neurons"
        }
        guard populations.count <= 256, neuronCount <= Self.unitLimit else {
            return "the network has \(neuronCount) neurons in \(populations.count) populations; "
                + "at most \(Self.unitLimit) in 256 can be addressed"
        }
        for (index, projection) in projections.enumerated() {
            guard populations.indices ~= projection.target else {
                return "projection \(index) ends in population \(projection.target) of "
                    + "\(populations.count)"
            }
            if case .population(let source) = projection.source, !(populations.indices ~= source) {
                return "projection \(index) begins in population \(source) of \(populations.count)"
            }
        }
        guard projections.count <= 4_096, synapseCount <= Self.synapseLimit else {
            return "the network has \(synapseCount) synapses in \(projections.count) projections; "
                + "at most \(Self.synapseLimit) in 4096 can be sent"
        }
        return timingFlaw
    }

    private var timingFlaw: String? {
        guard 1...ChipClock.maximumWindow ~= window else {
            return "the window of \(window) ticks is not in 1...\(ChipClock.maximumWindow)"
        }
        guard 0...65_535 ~= sampleCount, 0...65_535 ~= samplePeriod else {
            return "\(sampleCount) samples every \(samplePeriod) ticks cannot be expressed"
        }
        guard 0...Int(UInt32.max) ~= entrySpacing else {
            return "the entry spacing of \(entrySpacing) ticks cannot be expressed"
        }
        return nil
    }
}

extension DeviceBatch {
    /// What makes the batch impossible on any chip of this protocol; `nil` when nothing does.
    package var flaw: String? {
        if let flaw = configuration.flaw { return flaw }
        guard synapses.codes.count == configuration.synapseCount else {
            return "there are \(synapses.codes.count) weights for \(configuration.synapseCount) "
                + "synapses"
        }
        if let flaw = configuration.flaw(of: observables) { return flaw }
        if let index = WireKernels.firstBadEvent(
            inputs.events, ends: inputs.ends, unitCount: configuration.inputCount,
            window: configuration.window)
        {
            let event = inputs.events[index]
            return "input event \(index) (unit \(event.unit), tick \(event.tick)) is out of order "
                + "or outside \(configuration.inputCount) inputs and \(configuration.window) ticks"
        }
        return nil
    }
}

extension ChipConfiguration {
    /// What makes these observables impossible here; `nil` when nothing does.
    package func flaw(of observables: Observables) -> String? {
        guard
            observables.membranes.isEmpty
                || (observables.membranes.lowerBound >= 0
                    && observables.membranes.upperBound <= neuronCount)
        else {
            return "membranes \(observables.membranes) are asked for, of \(neuronCount) neurons"
        }
        if let reference = observables.reference, !reference.isFinite {
            return "the CADC's reference voltage is not a number"
        }
        return nil
    }
}
