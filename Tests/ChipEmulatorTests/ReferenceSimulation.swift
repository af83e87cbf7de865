import Glibc
import Substrate

/// A simulation of the equations in double precision and fine steps that shares nothing with the chip.
///
/// What happens inside a fine step, a spike's arrival or the end of a refractory time, acts at its own instant by the
/// closed form. Only where a membrane crosses its threshold is interpolated, on the line between two fine steps.
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
        // With the share of the step before that is left after the arrival.
        var pending = [[(projection: Int, source: Int, share: Double)]](
            repeating: [], count: steps + 1)
        for (tick, unit) in events {
            for (index, projection) in configuration.projections.enumerated()
            where projection.source == .inputs {
                pending[tick * perTick].append((index, unit, 0))
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
                m: exp(-h / t.tauMem), ce: gain(h, t, t.tauSynExcitatory),
                ci: gain(h, t, t.tauSynInhibitory)
            )
        }
        for step in 0..<steps {
            for (index, source, share) in pending[step] {
                let target = configuration.projections[index].target
                let range = configuration.neurons(ofPopulation: target)
                let t = configuration.populations[target].targets
                let since = share * h
                for (place, neuron) in range.enumerated() {
                    let code = Double(codes[starts[index] + source * range.count + place])
                    let tau = code > 0 ? t.tauSynExcitatory : t.tauSynInhibitory
                    let left = abs(code) * exp(-since / tau)
                    if code > 0 { e[neuron] += left } else { i[neuron] += left }
                    // From the arrival on, or from the end of the refractory time.
                    let wait = max(0, held[neuron] - (Double(step) - share)) * h
                    if wait < since {
                        v[neuron] += code * exp(-wait / tau) * gain(since - wait, t, tau)
                    }
                }
            }
            for (index, population) in configuration.populations.enumerated() {
                let k = constants[index]
                let swing = k.t.threshold - k.t.leak + thresholdShift
                for neuron in configuration.neurons(ofPopulation: index) {
                    let before = v[neuron]
                    if Double(step) >= held[neuron] {
                        v[neuron] = k.m * before + k.ce * e[neuron] - k.ci * i[neuron]
                    } else if Double(step + 1) > held[neuron] {
                        let (t, wait) = (k.t, (held[neuron] - Double(step)) * h)
                        let left = h - wait
                        v[neuron] =
                            exp(-left / t.tauMem) * before
                            + gain(left, t, t.tauSynExcitatory) * e[neuron]
                            * exp(-wait / t.tauSynExcitatory)
                            - gain(left, t, t.tauSynInhibitory) * i[neuron]
                            * exp(-wait / t.tauSynInhibitory)
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
                    let arrival = (time + delay) * Double(perTick)
                    let after = Int(arrival.rounded(.up))
                    guard after < steps else { continue }
                    for (number, projection) in configuration.projections.enumerated()
                    where projection.source == .population(index) {
                        let first = configuration.neurons(ofPopulation: index).lowerBound
                        pending[max(after, step + 1)].append(
                            (number, neuron - first, Double(after) - arrival))
                    }
                }
            }
        }
        return spikes
    }

    /// What a current of one code moves the membrane in a time.
    private static func gain(_ time: Double, _ t: NeuronTargets, _ tauSyn: Double) -> Double {
        let tauMem = t.tauMem
        if abs(tauMem - tauSyn) < 1e-9 {
            return t.synapticGain * time / tauMem * exp(-time / tauMem)
        }
        return t.synapticGain * tauSyn / (tauMem - tauSyn)
            * (exp(-time / tauMem) - exp(-time / tauSyn))
    }
}
