import Tensors

extension Layer {
    /// The forward pass with graded spikes, `S = antiderivative(V - vThreshold)`, in plain loops: for checks only.
    func smoothedTrace(
        _ input: GriddedSpikes, propagators: Propagators, surrogate: any SurrogateGradient
    ) -> LayerTrace {
        var membranes = TimeSeries(entries: input.entries, steps: input.steps, neurons: neurons)
        var heights: [Float] = []
        let threshold = parameters.thresholdAboveLeak
        for entry in 0..<input.entries {
            var current = [Float](repeating: 0, count: neurons)
            var membrane = current
            for step in 0..<input.steps {
                let old = current
                let spikes = membrane.map { surrogate.antiderivative(at: $0 - threshold) }
                if kind == .spiking { heights += spikes }
                for neuron in 0..<neurons {
                    membranes[entry, step, neuron] = membrane[neuron]
                    current[neuron] *= propagators.currentDecay
                    for index in input.spikes(entry: entry, step: step) {
                        let height = input.values?[index] ?? 1
                        current[neuron] += weights[Int(input.units[index]), neuron] * height
                    }
                    if let recurrent {
                        for source in 0..<neurons { current[neuron] += recurrent[source, neuron] * spikes[source] }
                    }
                    let drive = propagators.drivenByNewCurrent ? current[neuron] : old[neuron]
                    membrane[neuron] =
                        propagators.membraneDecay * membrane[neuron] + propagators.gain * drive
                }
            }
        }
        let bins = input.entries * input.steps
        guard kind == .spiking else {
            return LayerTrace(
                membranes: membranes,
                spikes: GriddedSpikes(silentEntries: input.entries, steps: input.steps, channels: neurons))
        }
        let spikes = GriddedSpikes(
            trusted: (0...bins).map { UInt32($0 * neurons) },
            units: (0..<bins).flatMap { _ in (0..<neurons).map { UInt16($0) } }, values: heights,
            entries: input.entries, steps: input.steps, channels: neurons)
        return LayerTrace(membranes: membranes, spikes: spikes)
    }
}
