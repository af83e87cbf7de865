import ChipEmulator
import Glibc
import Substrate
import Testing

/// The ideal chip against simulations in double precision that share nothing with it.
@Suite struct ReferenceTests {
    /// A spike of the reference.
    struct Spike: Equatable {
        var tick: Double
        var neuron: Int
    }

    /// Integrates a network in steps of `1 / perTick` ticks; the delay is in ticks.
    static func simulate(
        _ configuration: ChipConfiguration, codes: [Int8], events: [(Int, Int)], delay: Double,
        perTick: Int
    ) -> [Spike] {
        let h = 0.008 / Double(perTick)
        let neurons = configuration.neuronCount
        var v = [Double](repeating: 0, count: neurons)
        var e = v
        var i = v
        var held = [Double](repeating: -1, count: neurons)
        var spikes: [Spike] = []
        let steps = configuration.window * perTick
        var pending = [[(projection: Int, source: Int)]](repeating: [], count: steps + 1)
        for (tick, unit) in events {
            for (index, projection) in configuration.projections.enumerated()
            where projection.source == .inputs {
                pending[tick * perTick].append((index, unit))
            }
        }
        var starts = [0]
        for projection in configuration.projections {
            let size = configuration.populations[projection.target].size
            starts.append(
                (starts.last ?? 0) + configuration.sourceCount(projection) * size)
        }
        let constants = configuration.populations.map { population in
            let t = population.targets
            return (
                t: t, a: exp(-h / t.tauSynExcitatory), b: exp(-h / t.tauSynInhibitory),
                m: exp(-h / t.tauMem),
                ce: t.synapticGain * gain(h, t.tauMem, t.tauSynExcitatory),
                ci: t.synapticGain * gain(h, t.tauMem, t.tauSynInhibitory)
            )
        }
        for step in 0..<steps {
            for (index, source) in pending[step] {
                let target = configuration.projections[index].target
                let range = configuration.neurons(ofPopulation: target)
                for (place, neuron) in range.enumerated() {
                    let code = Double(codes[starts[index] + source * range.count + place])
                    if code > 0 { e[neuron] += code } else { i[neuron] -= code }
                }
            }
            for (index, population) in configuration.populations.enumerated() {
                let k = constants[index]
                let swing = k.t.threshold - k.t.leak
                for neuron in configuration.neurons(ofPopulation: index) {
                    let before = v[neuron]
                    if Double(step) >= held[neuron] {
                        v[neuron] = k.m * before + k.ce * e[neuron] - k.ci * i[neuron]
                    }
                    e[neuron] *= k.a
                    i[neuron] *= k.b
                    guard population.kind == .spiking else { continue }
                    guard v[neuron] >= swing else { continue }
                    let part = (swing - before) / (v[neuron] - before)
                    let time = (Double(step) + part) / Double(perTick)
                    spikes.append(Spike(tick: time, neuron: neuron))
                    v[neuron] = k.t.reset - k.t.leak
                    held[neuron] = (time + k.t.refractory * 125) * Double(perTick)
                    let arrival = Int(((time + delay) * Double(perTick)).rounded())
                    guard arrival < steps else { continue }
                    for (number, projection) in configuration.projections.enumerated()
                    where projection.source == .population(index) {
                        let first = configuration.neurons(ofPopulation: index).lowerBound
                        pending[max(arrival, step + 1)].append((number, neuron - first))
                    }
                }
            }
        }
        return spikes
    }

    private static func gain(_ h: Double, _ tauMem: Double, _ tauSyn: Double) -> Double {
        if abs(tauMem - tauSyn) < 1e-9 { return h / tauMem * exp(-h / tauMem) }
        return tauSyn / (tauMem - tauSyn) * (exp(-h / tauMem) - exp(-h / tauSyn))
    }

    @Test func feedForwardSpikesAreThoseOfAFineSimulation() throws {
        try compare(recurrent: false, delay: 25)
    }

    @Test func recurrentSpikesAreThoseOfAFineSimulation() throws {
        // The on-chip delay is below a step, so inside a cycle it is one step.
        try compare(recurrent: true, delay: 42.4)
    }

    /// Twenty networks: no neuron differs in its number of spikes, 95 % of spikes are within 2 ticks, and all within
    /// 16 (grazing crossings, and what they set off in recurrent networks). The chip's own jitter is 7.5 ticks.
    private func compare(recurrent: Bool, delay: Double) throws {
        var distances: [Double] = []
        for seed in UInt64(1)...20 {
            var random = TestRandom(seed: seed)
            let configuration = random.network(recurrent: recurrent)
            let codes = random.codes(configuration)
            let events = random.events(configuration, count: 40)
            let reference = Self.simulate(
                configuration, codes: codes, events: events, delay: delay, perTick: 4)
            var chip = EmulatedChip(profile: .ideal, serial: 1, threads: 1)
            let measured = try chip.run(
                TestBatch.batch(configuration, codes: codes, entries: [events])
            ).spikes.events
            for neuron in 0..<configuration.populations[0].size {
                let expected = reference.filter { $0.neuron == neuron }.map(\.tick)
                    .filter { $0.rounded() < Double(configuration.window) }
                let got = measured.filter { Int($0.unit) == neuron }.map { Double($0.tick) }
                #expect(expected.count == got.count, "seed \(seed), neuron \(neuron)")
                distances += zip(expected, got).map { abs($0 - $1) }
            }
        }
        distances.sort()
        #expect(distances.count > 1_500)
        let most = distances[distances.count * 95 / 100]
        let worst = try #require(distances.last)
        #expect(most <= 2, "95 % within \(most) ticks")
        #expect(worst <= 16, "all within \(worst) ticks")
    }
}
