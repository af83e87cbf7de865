public import Tensors

/// Penalties added to the loss (Cramer et al., PNAS 2022, equation 6 and released code).
public struct Regularization: Sendable, Hashable, Codable {
    /// Factor of the mean over batch and hidden units of (number of spikes)^2, summed over spiking layers.
    public var burst: Double
    /// Factor of the mean of the squared input weights, summed over spiking layers.
    public var weightDecay: Double
    /// Factor of the mean over batch and readout units of (max_t V)^2.
    public var readoutAmplitude: Double

    /// Factors, by default those of the reference experiment.
    public init(burst: Double = 5e-4, weightDecay: Double = 0.1, readoutAmplitude: Double = 0) {
        self.burst = burst
        self.weightDecay = weightDecay
        self.readoutAmplitude = readoutAmplitude
    }

    /// Penalties of a trace and their gradients.
    public struct Value: Sendable, Equatable {
        /// Sum of the penalties.
        public var value: Double
        /// Derivatives with respect to spike counts, `[entry, neuron]` for each spiking layer; nil without a burst
        /// penalty. For `Network.backward`.
        public var spikeGradient: [Matrix]?
    }

    /// Penalties of activity: of spikes, with their gradient for `backward`, and of the readout, whose gradient is added
    /// to `readoutGradient`. Traps if that is not of the readout's shape.
    public func activityPenalty(
        of trace: Trace, addingTo readoutGradient: inout TimeSeries
    ) -> Value {
        var result = Value(value: 0, spikeGradient: nil)
        if burst != 0 {
            result.spikeGradient = trace.layers.dropLast().map { layer in
                var totals = layer.spikes.totals
                result.value += burstValue(
                    squares: TrainingKernels().sumOfSquares(totals.values), entries: totals.rows,
                    neurons: totals.columns)
                totals.scale(by: burstFactor(entries: totals.rows, neurons: totals.columns))
                return totals
            }
        }
        if readoutAmplitude != 0 {
            result.value += addAmplitudePenalty(of: trace.readout, to: &readoutGradient)
        }
        return result
    }

    /// Penalty of the weights, whose gradient is added to `gradients` but for frozen layers.
    public func weightPenalty(of network: Network, addingTo gradients: inout Gradients) -> Double {
        guard weightDecay != 0 else { return 0 }
        let kernels = TrainingKernels()
        var value = 0.0
        for (index, layer) in network.layers.enumerated() where layer.kind == .spiking {
            let item = PassLayer(index, of: network)
            value += decayValue(squares: kernels.sumOfSquares(layer.weights.values), of: item)
            if network.frozenLayers.contains(index) { continue }
            kernels.add(
                layer.weights.values, times: decayFactor(of: item),
                to: &gradients.layers[index].weights.values)
        }
        return value
    }

    /// Factor of a number of spikes that makes it the burst penalty's derivative.
    func burstFactor(entries: Int, neurons: Int) -> Float {
        Float(2 * burst / max(1, Double(entries * neurons)))
    }

    /// The burst penalty of a layer by the sum of its squared numbers of spikes.
    func burstValue(squares: Double, entries: Int, neurons: Int) -> Double {
        burst * squares / max(1, Double(entries * neurons))
    }

    /// Factor of a weight that makes it the decay's derivative; 0 for readouts.
    func decayFactor(of layer: PassLayer) -> Float {
        layer.kind == .spiking ? Float(2 * weightDecay / max(1, Double(layer.sources * layer.neurons))) : 0
    }

    /// The decay's penalty of a layer's weights by the sum of their squares; 0 for readouts.
    func decayValue(squares: Double, of layer: PassLayer) -> Double {
        layer.kind == .spiking ? weightDecay * squares / max(1, Double(layer.sources * layer.neurons)) : 0
    }

    /// The decay's penalty of the frozen layers.
    func weightPenalty(ofFrozen network: Network) -> Double {
        network.frozenLayers.reduce(0) { sum, index in
            sum
                + decayValue(
                    squares: TrainingKernels().sumOfSquares(network.layers[index].weights.values),
                    of: PassLayer(index, of: network))
        }
    }

    private func addAmplitudePenalty(of readout: TimeSeries, to gradient: inout TimeSeries) -> Double {
        precondition(
            gradient.entries == readout.entries && gradient.steps == readout.steps
                && gradient.neurons == readout.neurons,
            "gradient \(gradient.entries) x \(gradient.steps) x \(gradient.neurons) of a readout "
                + "\(readout.entries) x \(readout.steps) x \(readout.neurons)")
        let units = max(1, Double(readout.entries * readout.neurons))
        var squares = 0.0
        for entry in 0..<readout.entries {
            for neuron in 0..<readout.neurons {
                var peak = 0
                for step in 1..<max(readout.steps, 1)
                where readout[entry, step, neuron] > readout[entry, peak, neuron] { peak = step }
                let value = readout[entry, peak, neuron]
                squares += Double(value) * Double(value)
                gradient[entry, peak, neuron] += Float(2 * readoutAmplitude / units) * value
            }
        }
        return readoutAmplitude * squares / units
    }
}
