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
        precondition(
            input.channels == inputCount && input.steps == grid.steps,
            "input of \(input.channels) channels x \(input.steps) steps, "
                + "network of \(inputCount) x \(grid.steps)")
        precondition(
            observation.map { $0.layers.count == layers.count } ?? true,
            "\(observation?.layers.count ?? 0) observed layers of \(layers.count)")
        let kernels = TrainingKernels(level: level, threads: threads)
        var trace = Trace(input: input, layers: [])
        trace.layers.reserveCapacity(layers.count)
        for index in layers.indices {
            let observed = observation?.layers[index] ?? LayerObservation()
            check(observed, of: index, entries: input.entries)
            trace.layers.append(
                replay(layer: index, observed: observed, input: trace.output(below: index), kernels: kernels))
        }
        return trace
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

    private func replay(
        layer index: Int, observed: LayerObservation, input: GriddedSpikes, kernels: TrainingKernels
    ) -> LayerTrace {
        let layer = layers[index]
        let (propagators, parameters) = dynamics(of: index)
        let silent = GriddedSpikes(
            silentEntries: input.entries, steps: input.steps, channels: layer.neurons)
        if let membranes = observed.membranes {
            switch layer.kind {
            case .integrating: return LayerTrace(membranes: membranes, spikes: silent)
            case .spiking:
                let spikes =
                    observed.spikes ?? kernels.spikes(membranes, above: parameters.thresholdAboveLeak)
                return LayerTrace(membranes: membranes, spikes: spikes)
            }
        }
        switch spikeFunction {
        case .step:
            return kernels.forward(
                layer,
                dynamics: TrainingKernels.dynamics(propagators, parameters: parameters, reset: reset),
                input: input, measured: observed.spikes)
        case .smoothed:
            precondition(observed.spikes == nil, "measured spikes are not smoothed")
            return layer.smoothedTrace(input, propagators: propagators, surrogate: surrogate)
        }
    }

    private func check(_ observed: LayerObservation, of index: Int, entries: Int) {
        let neurons = layers[index].neurons
        if let spikes = observed.spikes {
            precondition(
                spikes.entries == entries && spikes.steps == grid.steps && spikes.channels == neurons,
                "layer \(index): observed spikes \(spikes.entries) x \(spikes.steps) x \(spikes.channels), "
                    + "not \(entries) x \(grid.steps) x \(neurons)")
        }
        if let series = observed.membranes {
            precondition(
                series.entries == entries && series.steps == grid.steps && series.neurons == neurons,
                "layer \(index): observed membranes \(series.entries) x \(series.steps) x \(series.neurons), "
                    + "not \(entries) x \(grid.steps) x \(neurons)")
        }
    }
}

extension Trace {
    /// Spikes that a layer receives.
    func output(below index: Int) -> GriddedSpikes {
        index == 0 ? input : layers[index - 1].spikes
    }
}
