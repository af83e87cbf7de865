import Foundation
import InTheLoop
import SpikingNetworks
import Tensors

extension SoftwareStep {
    /// The work as a file for other frameworks: input events, labels, initial weights, constants.
    ///
    /// `bins` is `entry * steps + step` of each event, `units` its channel, both `[batch, event]` and padded with -1;
    /// `labels` `[batch, entry]`; `weights.L` `[source, neuron]`. A step multiplies the current by `current_decay`, adds
    /// what arrives, multiplies the membrane by `membrane_decay` and adds `gain` times the current.
    var export: SafetensorsFile {
        let count = batches.map(\.input.count).max() ?? 0
        var bins: [Int32] = []
        var units: [Int32] = []
        for (input, _) in batches {
            for bin in 0..<input.entries * input.steps {
                for index in Int(input.offsets[bin])..<Int(input.offsets[bin + 1]) {
                    bins.append(Int32(bin))
                    units.append(Int32(input.units[index]))
                }
            }
            let missing = repeatElement(Int32(-1), count: count - input.count)
            bins.append(contentsOf: missing)
            units.append(contentsOf: missing)
        }
        var file = SafetensorsFile()
        let shape = [batches.count, count]
        file.tensors["bins"] = .init(shape: shape, .int32(bins))
        file.tensors["units"] = .init(shape: shape, .int32(units))
        file.tensors["labels"] = .init(
            shape: [batches.count, workload.batchSize], .int32(batches.flatMap { $0.labels.map(Int32.init) }))
        for (index, layer) in network.layers.enumerated() {
            file.tensors["weights.\(index)"] = .init(
                shape: [layer.sources, layer.neurons], .float32(layer.weights.unpadded))
        }
        file.metadata = constants
        return file
    }

    private var constants: [String: String] {
        let parameters = network.layers[0].parameters
        let step = network.grid.stepMicroseconds
        let currentDecay = PortableMath.exp(-step / parameters.tauSyn)
        let membraneDecay = PortableMath.exp(-step / parameters.tauMem)
        let gain = parameters.membraneGain * parameters.tauSyn * (1 - currentDecay) * (1 - membraneDecay) / step
        return [
            "steps": "\(network.grid.steps)", "gain": "\(gain)", "current_decay": "\(currentDecay)",
            "membrane_decay": "\(membraneDecay)", "loss_scale": "\(loss.scale)",
            "surrogate_slope": "\((network.surrogate as? SuperSpike)?.beta ?? 0)",
            "learning_rate": "\(optimizer.learningRate)", "epsilon": "\(optimizer.epsilon)",
        ]
    }
}
