import ChipEmulator
import Glibc
import Substrate
import Testing

/// The ideal chip with everything at step ends against a clock-driven loop in double precision.
@Suite struct StepResolutionTests {
    /// Spikes of a clock-driven simulation, and how near a membrane came to its threshold.
    ///
    /// `V[t+1] = b V[t] + c I[t]`, `I[t+1] = a I[t] + W S[t]`; `S[t]` are input events in `(t h, (t+1) h]` and spikes at
    /// boundary `t`.
    private static func simulate(
        _ configuration: ChipConfiguration, codes: [Int8], events: [(Int, Int)]
    ) -> (spikes: [SpikeEvent], margin: Double) {
        let steps = 100
        let h = Double(configuration.samplePeriod) / 5
        var fired = [[Int]](repeating: [], count: steps + 2)
        var inputs = fired
        for (tick, unit) in events { inputs[Int((Double(tick) / h).rounded(.up)) - 1].append(unit) }
        let count = configuration.neuronCount
        var v = [Double](repeating: 0, count: count)
        var e = v
        var i = v
        var held = [Int](repeating: 0, count: count)
        var margin = Double.infinity
        var spikes: [SpikeEvent] = []
        for step in 0..<steps {
            for (index, population) in configuration.populations.enumerated() {
                let t = population.targets
                let time = h / 125
                func gain(_ tau: Double) -> Double {
                    t.synapticGain * tau / (t.tauMem - tau)
                        * (exp(-time / t.tauMem) - exp(-time / tau))
                }
                for neuron in configuration.neurons(ofPopulation: index) {
                    let full =
                        exp(-time / t.tauMem) * v[neuron]
                        + gain(t.tauSynExcitatory) * e[neuron]
                        - gain(t.tauSynInhibitory) * i[neuron]
                    e[neuron] *= exp(-time / t.tauSynExcitatory)
                    i[neuron] *= exp(-time / t.tauSynInhibitory)
                    guard held[neuron] <= step else { continue }
                    v[neuron] = full
                    guard population.kind == .spiking else { continue }
                    margin = min(margin, abs(full - (t.threshold - t.leak)))
                    guard full >= t.threshold - t.leak else { continue }
                    v[neuron] = t.reset - t.leak
                    held[neuron] = step + 1 + Int(t.refractory / time)
                    fired[step + 1].append(neuron)
                    let tick = (Double(step + 1) * h + 0.5).rounded(.down)
                    if tick < Double(configuration.window) {
                        spikes.append(SpikeEvent(tick: UInt16(tick), unit: UInt16(neuron)))
                    }
                }
            }
            var start = 0
            for projection in configuration.projections {
                let range = configuration.neurons(ofPopulation: projection.target)
                let sources: [Int]
                switch projection.source {
                case .inputs: sources = inputs[step]
                case .population(let index):
                    let from = configuration.neurons(ofPopulation: index)
                    sources = fired[step].filter(from.contains).map { $0 - from.lowerBound }
                }
                for source in sources {
                    for (place, neuron) in range.enumerated() {
                        let code = Double(codes[start + source * range.count + place])
                        if code > 0 { e[neuron] += code } else { i[neuron] -= code }
                    }
                }
                start += configuration.sourceCount(projection) * range.count
            }
        }
        return (spikes.sorted(), margin)
    }

    @Test func aHundredNetworksFireAsInAClockDrivenSimulation() throws {
        var profile = ChipProfile.ideal
        profile.integration.resolution = .step
        var chip = EmulatedChip(profile: profile, serial: 1, threads: 1)
        var skipped = 0
        var compared = 0
        for seed in UInt64(100)..<200 {
            var random = TestRandom(seed: seed)
            let configuration = random.network(recurrent: seed.isMultiple(of: 2))
            let codes = random.codes(configuration)
            let events = random.events(configuration, count: 40)
            let expected = Self.simulate(configuration, codes: codes, events: events)
            // Single precision may decide otherwise within its rounding of the threshold.
            if expected.margin < 1e-4 {
                skipped += 1
                continue
            }
            let batch = TestBatch.batch(configuration, codes: codes, entries: [events])
            #expect(try chip.run(batch).spikes.events == expected.spikes, "seed \(seed)")
            compared += expected.spikes.count
        }
        #expect(skipped <= 10)
        #expect(compared > 3_000)
    }
}
