import Glibc
import Substrate

/// A simulation of the equations in double precision and fine steps that shares nothing with the chip.
enum ReferenceSimulation {
    /// A spike of the reference.
    struct Spike: Equatable {
        var tick: Double
        var neuron: Int
    }

    /// Integrates a network in steps of `1 / perTick` ticks; the delay is in ticks, the shift of all thresholds in LSB.
    static func simulate(
        _ configuration: ChipConfiguration, codes: [Int8], events: [(Int, Int)], delay: Double,
        perTick: Int, thresholdShift: Double = 0
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
                let swing = k.t.threshold - k.t.leak + thresholdShift
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
}
