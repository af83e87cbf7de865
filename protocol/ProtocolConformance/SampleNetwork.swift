package import Substrate
package import WireProtocol

extension CaseContext {
    /// Targets in the middle of what the device takes.
    package var targets: NeuronTargets {
        func clamp(_ value: Double, _ index: Int) -> Double {
            guard claims.ranges.indices.contains(index) else { return value }
            return min(max(value, claims.ranges[index].allowedLower), claims.ranges[index].allowedUpper)
        }
        return NeuronTargets(
            leak: clamp(80, 0), reset: clamp(70, 0), threshold: clamp(125, 1), tauMem: clamp(10, 2),
            tauSynExcitatory: clamp(6, 3), tauSynInhibitory: clamp(6, 3), refractory: clamp(2, 4),
            synapticGain: clamp(0.75, 5))
    }

    /// A small network that any chip of this kind can hold: four inputs, three spiking neurons, two readouts; 18 synapses.
    package func network(
        inputs: Int = 4, spiking: Int = 3, readouts: Int = 2, samples: Int = 4, spacing: Int = 0, seed: UInt64 = 1
    ) -> ChipConfiguration {
        let period = max(claims.geometry.minimumSamplePeriod, 400)
        var populations = [ChipConfiguration.Population(kind: .spiking, size: spiking, targets: targets)]
        var projections = [ChipConfiguration.Projection(source: .inputs, target: 0)]
        if readouts > 0 {
            populations.append(.init(kind: .integrating, size: readouts, targets: targets))
            projections.append(.init(source: .population(0), target: 1))
        }
        return ChipConfiguration(
            inputCount: inputs, populations: populations, projections: projections,
            window: min(ChipClock.maximumWindow, max(2_000, period * (samples + 1))), sampleCount: samples,
            samplePeriod: period, entrySpacing: spacing, noiseSeed: seed)
    }

    /// Weights that make the neurons of `network` fire: inputs at the limit, the rest at a third of it.
    package func image(of network: ChipConfiguration) -> [Int8] {
        let limit = min(127, claims.geometry.weightLimit)
        let strong = network.inputCount * network.populations[0].size
        return (0..<network.synapseCount).map { Int8($0 < strong ? limit : limit / 3) }
    }

    /// A batch on a network, with random inputs.
    package func batch(
        _ number: UInt64 = 1, on network: ChipConfiguration? = nil, entries: Int = 2, events: Int = 6,
        spikes: Bool = true, membranes: Range<Int>? = nil, reference: Double? = nil, image: [Int8]? = nil
    ) -> DeviceBatch {
        let network = network ?? self.network()
        var inputs = SpikeTrains()
        for _ in 0..<entries {
            var entry: [SpikeEvent] = []
            for _ in 0..<events {
                let tick = UInt16(random.below(max(1, network.window / 2)))
                for unit in 0..<min(network.inputCount, 4) { entry.append(SpikeEvent(tick: tick, unit: UInt16(unit))) }
            }
            inputs.append(entry)
        }
        return DeviceBatch(
            id: number, configuration: network, synapses: SynapseMatrix(codes: image ?? self.image(of: network)),
            inputs: inputs,
            observables: Observables(
                spikes: spikes, membranes: membranes ?? 0..<network.neuronCount, reference: reference))
    }

    /// A batch that keeps the chip busy for as long as it can be, for cases that need it under way. Weights are small: few
    /// spikes come of it.
    package func longBatch(_ number: UInt64 = 1) -> DeviceBatch {
        var network = self.network(
            inputs: min(64, claims.geometry.inputChannels), spiking: min(256, claims.geometry.neuronCircuits / 2))
        network.window = ChipClock.maximumWindow
        let entries = min(1_024, claims.geometry.maximumEntriesPerBatch)
        let events = min(50, (claims.limits.message - 8_192) / (16 * entries))
        return batch(
            number, on: network, entries: entries, events: events, membranes: 0..<1,
            image: Array(repeating: 1, count: network.synapseCount))
    }

    /// A session that has the lease and has written all for a batch.
    package func armed(
        for batch: DeviceBatch, limits: WireLimits = .init(), credit: UInt64 = 1 << 40, run: [UInt8]? = nil
    ) throws -> RawClient {
        let client = try leased(limits: limits, run: run, credit: credit)
        try client.arm(batch)
        return client
    }
}
