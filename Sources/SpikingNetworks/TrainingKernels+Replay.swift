import CTrainingKernels
import Tensors

extension TrainingKernels {
    /// A forward pass whose trace is kept.
    func replay(_ network: Network, _ input: GriddedSpikes, observed: [LayerObservation]) -> Trace {
        let (entries, steps) = (input.entries, input.steps)
        let items = network.layers.indices.map { index in
            var item = PassLayer(index, of: network)
            item.observed = observed[index]
            return item
        }
        var membranes: [[Float]] = items.map { uninitialized($0.isModelled ? entries * steps * $0.stride : 0) }
        var bits: [[UInt16]] = items.map { item in
            let wanted = item.kind == .spiking && item.observed.spikes == nil
            return uninitialized(wanted ? entries * steps * item.stride / Matrix.lane : 0)
        }
        TrainingMemory.lend { memory in
            withWeights(network.layers) { weights in
                withLayers(items, weights: weights, slices: 0, memory: memory) { layers in
                    withMutable(&membranes) { membranes in
                        withMutable(&bits) { bits in
                            for (index, item) in items.enumerated() {
                                if item.isModelled { layers[index].membranes_out = membranes[index] }
                                if item.kind == .spiking && item.observed.spikes == nil {
                                    layers[index].bits_out = bits[index]
                                }
                            }
                            withPass(steps: steps, layers: layers, input: .gridded(input)) {
                                _ = run($0, entries: entries, slices: pieces(of: entries), memory: memory)
                            }
                        }
                    }
                }
            }
        }
        return Trace(
            input: input,
            layers: items.enumerated().map { index, item in
                let series =
                    item.observed.membranes
                    ?? TimeSeries(
                        entries: entries, steps: steps, neurons: item.neurons, padded: membranes[index])
                guard item.kind == .spiking else {
                    return LayerTrace(
                        membranes: series,
                        spikes: GriddedSpikes(silentEntries: entries, steps: steps, channels: item.neurons))
                }
                return LayerTrace(
                    membranes: series,
                    spikes: item.observed.spikes
                        ?? spikes(bits[index], entries: entries, steps: steps, channels: item.neurons))
            })
    }
}
