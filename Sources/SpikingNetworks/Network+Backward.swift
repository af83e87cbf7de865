public import Tensors

extension Network {
    /// The explicit adjoint of `replay`, step by step backwards, no tape.
    ///
    ///     dS[t] = dL/d(sum S) + W_next dI_next[t+1] + W_rec dI[t+1]
    ///     dV[t] = b dV[t+1] + surrogate'(V[t]) dS[t] + dL/dV[t]          (reset to zero: b (1-S[t]) dV[t+1])
    ///     dI[t] = a dI[t+1] + k dV[t]                                   (paperText, exponential: k or g times dV[t+1])
    ///     dW[source] += sum of dI[t+1] over the source's spikes at t
    ///
    /// V and S are those of the trace, measured where measured. `readoutGradient` is dL/dV of the readout, shape
    /// `[entry, step, neuron]`; `spikeGradient` dL/d(number of spikes), for each spiking layer `[entry, neuron]`. The
    /// bits of the result do not depend on threads or level. Traps if shapes differ from the network's.
    public func backward(
        _ trace: Trace, readoutGradient: TimeSeries, spikeGradient: [Matrix]? = nil, threads: Int = 1,
        level: KernelLevel = .best
    ) -> Gradients {
        check(trace, readoutGradient: readoutGradient, spikeGradient: spikeGradient)
        let kernels = TrainingKernels(level: level, threads: threads)
        let slices = TrainingKernels.slices(of: trace.input.entries)
        let items = layers.indices.map { index in
            let trace = trace.layers[index]
            var item = PassLayer(index, of: self)
            item.wantsGradient = !frozenLayers.contains(index)
            item.observed = LayerObservation(spikes: trace.spikes, membranes: trace.membranes)
            guard index < layers.count - 1 else { return item }
            item.slopes = slopes(trace.membranes, parameters: layers[index].parameters)
            item.totals = spikeGradient?[index]
            return item
        }
        var result: [LayerGradients] = []
        TrainingMemory.lend { memory in
            kernels.withWeights(layers) { weights in
                kernels.withLayers(items, weights: weights, slices: slices, memory: memory) { layers in
                    kernels.withPass(
                        steps: grid.steps, layers: layers, input: .gridded(trace.input), external: readoutGradient
                    ) {
                        _ = kernels.run(
                            $0, entries: trace.input.entries, slices: slices, memory: memory)
                    }
                    result = layers.indices.map { kernels.gradients(items[$0], layers[$0], slices: slices) }
                }
            }
        }
        return Gradients(layers: result)
    }

    /// dS/dV of surrogate gradients that the kernels do not know; nil for SuperSpike.
    private func slopes(_ membranes: TimeSeries, parameters: LIFParameters) -> [Float]? {
        if surrogate is SuperSpike { return nil }
        let threshold = parameters.thresholdAboveLeak
        return membranes.values.map { surrogate.derivative(at: $0 - threshold) }
    }

    private func check(_ trace: Trace, readoutGradient: TimeSeries, spikeGradient: [Matrix]?) {
        let (entries, steps) = (trace.input.entries, grid.steps)
        precondition(
            trace.layers.count == layers.count, "trace of \(trace.layers.count) layers, network of \(layers.count)")
        precondition(
            trace.input.channels == inputCount && trace.input.steps == steps,
            "trace with an input of \(trace.input.channels) x \(trace.input.steps), "
                + "network of \(inputCount) x \(steps)")
        for (index, layer) in trace.layers.enumerated() {
            precondition(
                layer.membranes.entries == entries && layer.membranes.steps == steps
                    && layer.membranes.neurons == layers[index].neurons,
                "trace of layer \(index) is not \(entries) x \(steps) x \(layers[index].neurons)")
            precondition(
                layer.spikes.entries == entries && layer.spikes.steps == steps
                    && layer.spikes.channels == layers[index].neurons,
                "spikes of layer \(index) are not \(entries) x \(steps) x \(layers[index].neurons)")
        }
        precondition(
            readoutGradient.entries == entries && readoutGradient.steps == steps
                && readoutGradient.neurons == outputCount,
            "readout gradient \(readoutGradient.entries) x \(readoutGradient.steps) x "
                + "\(readoutGradient.neurons), not \(entries) x \(steps) x \(outputCount)")
        guard let spikeGradient else { return }
        precondition(
            spikeGradient.count == layers.count - 1,
            "spike gradients of \(spikeGradient.count) layers, \(layers.count - 1) spike")
        for (index, matrix) in spikeGradient.enumerated() {
            precondition(
                matrix.rows == entries && matrix.columns == layers[index].neurons,
                "spike gradient \(index) is \(matrix.rows) x \(matrix.columns), "
                    + "not \(entries) x \(layers[index].neurons)")
        }
    }
}
