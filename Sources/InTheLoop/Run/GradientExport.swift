internal import SpikingNetworks
internal import Tensors

/// One training step laid open: inputs, observables, weights, loss and gradients, for any other framework to check.
public struct GradientExport: Sendable {
    /// Tensors `input` and `spikes.L` `[entry, step, unit]`, `membranes.L` `[entry, step, neuron]`, `labels` `[entry]`,
    /// `weights.L`, `recurrent.L` and their gradients `d_weights.L`, `d_recurrent.L` `[source, neuron]`, `loss` `[1]`.
    ///
    /// `membranes.L` is what the derivative was taken at: measured where measured, modelled elsewhere.
    public let file: SafetensorsFile
    /// Loss with all penalties.
    public let loss: Double

    init(
        network: Network, rule: SurrogateGradientRule, part: GradientProbe.Part
    ) {
        let example = part.example
        var file = SafetensorsFile()
        file.tensors["input"] = example.input.gridded.tensor
        file.tensors["labels"] = .init(
            shape: [example.labels.count], .int64(example.labels.map(Int64.init)))
        for (index, layer) in network.layers.enumerated() {
            file.tensors["weights.\(index)"] = layer.weights.tensor
            if let recurrent = layer.recurrent { file.tensors["recurrent.\(index)"] = recurrent.tensor }
        }
        for (index, layer) in part.trace.layers.enumerated() {
            file.tensors["membranes.\(index)"] = layer.membranes.tensor
            if network.layers[index].kind == .spiking {
                file.tensors["spikes.\(index)"] = layer.spikes.tensor
            }
        }
        for (index, gradients) in part.gradients.layers.enumerated() {
            file.tensors["d_weights.\(index)"] = gradients.weights.tensor
            if let recurrent = gradients.recurrent {
                file.tensors["d_recurrent.\(index)"] = recurrent.tensor
            }
        }
        loss = part.outcome.loss
        file.tensors["loss"] = .init(shape: [1], .float64([loss]))
        file.metadata = Self.constants(network, rule: rule, observed: example.observation != nil)
        self.file = file
    }

    private static func constants(
        _ network: Network, rule: SurrogateGradientRule, observed: Bool
    ) -> [String: String] {
        let parameters = network.layers[0].parameters
        return [
            "tau_mem_us": "\(parameters.tauMem)", "tau_syn_us": "\(parameters.tauSyn)",
            "step_us": "\(network.grid.stepMicroseconds)", "steps": "\(network.grid.steps)",
            "integration": network.integration.rawValue, "reset": network.reset.rawValue,
            "surrogate": "\(network.surrogate)", "loss": "\(rule.loss)",
            "burst": "\(rule.regularization.burst)",
            "weight_decay": "\(rule.regularization.weightDecay)",
            "readout_amplitude": "\(rule.regularization.readoutAmplitude)",
            "observed": observed ? "true" : "false",
            "measured_membranes": rule.measuresMembranes && observed ? "true" : "false",
        ]
    }
}

extension GriddedSpikes {
    /// Dense 0 and 1 `[entry, step, unit]`.
    fileprivate var tensor: SafetensorsFile.Tensor {
        var dense = [Float](repeating: 0, count: entries * steps * channels)
        for bin in 0..<entries * steps {
            for index in Int(offsets[bin])..<Int(offsets[bin + 1]) {
                dense[bin * channels + Int(units[index])] = 1
            }
        }
        return .init(shape: [entries, steps, channels], .float32(dense))
    }
}

extension TimeSeries {
    /// Without padding `[entry, step, neuron]`.
    fileprivate var tensor: SafetensorsFile.Tensor {
        var dense: [Float] = []
        dense.reserveCapacity(entries * steps * neurons)
        for row in 0..<entries * steps {
            dense.append(contentsOf: values[row * stride..<row * stride + neurons])
        }
        return .init(shape: [entries, steps, neurons], .float32(dense))
    }
}
