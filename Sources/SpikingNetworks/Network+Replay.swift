extension Network {
    /// The forward pass: measured where measured, modelled elsewhere.
    ///
    /// `V[0] = 0`, `S[t] = V[t] > vThreshold`; recursions as in `Integration` and `Reset`. Where membranes are measured,
    /// V is the measured one, in the backward pass too, and S is measured or follows from it; where only spikes are
    /// measured, V is modelled and the measured spikes do the resets. What measurements make superfluous is not
    /// computed. Traps if shapes differ from the network's.
    public func replay(
        _ input: GriddedSpikes, observing observation: Observation? = nil, threads: Int = 1,
        level: KernelLevel = .best
    ) -> Trace {
        let observed = observed(observation, input: .gridded(input)).map(\.converted)
        switch spikeFunction {
        case .step:
            return TrainingKernels(level: level, threads: threads).replay(self, input, observed: observed)
        case .smoothed:
            return smoothedTrace(input, observed: observed)
        }
    }

    /// Factors and parameters of a layer. Traps unless the threshold is above leak and reset.
    func dynamics(of index: Int) -> (Propagators, LIFParameters) {
        let parameters = layers[index].parameters
        precondition(
            parameters.vThreshold > max(parameters.vLeak, parameters.vReset),
            "layer \(index): threshold \(parameters.vThreshold) is not above leak \(parameters.vLeak) "
                + "and reset \(parameters.vReset)")
        return (Propagators(parameters, grid: grid, integration: integration), parameters)
    }

    /// The forward pass with graded spikes, layer by layer.
    private func smoothedTrace(_ input: GriddedSpikes, observed: [LayerObservation]) -> Trace {
        var trace = Trace(input: input, layers: [])
        for (index, layer) in layers.enumerated() {
            precondition(observed[index].spikes == nil, "measured spikes are not smoothed")
            precondition(observed[index].membranes == nil, "measured membranes are not smoothed")
            trace.layers.append(
                layer.smoothedTrace(
                    index == 0 ? input : trace.layers[index - 1].spikes, propagators: dynamics(of: index).0,
                    surrogate: surrogate))
        }
        return trace
    }

    /// What is observed of each layer. Traps if input or observation do not have the network's shape.
    func observed(_ observation: Observation?, input: BatchSpikes) -> [LayerObservation] {
        precondition(
            input.channels == inputCount && input.steps == grid.steps,
            "input of \(input.channels) channels x \(input.steps) steps, "
                + "network of \(inputCount) x \(grid.steps)")
        precondition(
            observation.map { $0.layers.count == layers.count } ?? true,
            "\(observation?.layers.count ?? 0) observed layers of \(layers.count)")
        return layers.indices.map { index in
            let observed = observation?.layers[index] ?? LayerObservation()
            check(observed, of: index, entries: input.entries)
            return observed
        }
    }

    /// Traps unless an observation has the shape of its layer.
    private func check(_ observed: LayerObservation, of index: Int, entries: Int) {
        let neurons = layers[index].neurons
        let spikes = observed.record.map { [$0.entries, $0.steps, $0.channels] }
        precondition(
            spikes.map { $0 == [entries, grid.steps, neurons] } ?? true,
            "layer \(index): observed spikes \(spikes ?? []), not \(entries) x \(grid.steps) x \(neurons)")
        let shape =
            observed.measuredSeries.map { [$0.entries, $0.steps, $0.neurons] }
            ?? observed.codes.map { [$0.entries, $0.steps, $0.columns.count] }
        precondition(
            shape.map { $0 == [entries, grid.steps, neurons] } ?? true,
            "layer \(index): observed membranes \(shape ?? []), not \(entries) x \(grid.steps) x \(neurons)")
    }
}
