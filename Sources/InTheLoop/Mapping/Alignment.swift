public import SpikingNetworks
public import Substrate
public import Tensors

/// Puts what a device recorded onto the host's time grid, in model units.
///
/// Grid point `t` is CADC sample `t`. The first sample of each neuron and entry is subtracted, which removes leak offsets;
/// one model unit is (threshold - leak). An input in bin `t`, between samples `t` and `t + 1`, acts on `V[t + 1]`. A spike
/// between the same samples is `S[t + 1]`, the crossing that the model would see at the next grid point (released code of
/// Cramer, Billaudelle et al. 2022: both directions shifted by one step). Spikes after the last sample have no grid point.
///
/// The sample after a spike shows a membrane that the chip has reset, but the spike itself is a measurement: the membrane
/// crossed the threshold since the last sample, so without the reset it would stand above it now. Where `S[t]` is 1, `V[t]`
/// is therefore at least the threshold and an overshoot, unless the experiment wants the sample as it is.
public struct Alignment: Sendable {
    private let placement: Placement
    private let grid: TimeGrid
    private let unitLSB: Float
    private let hiddenScale: Float
    private let spikeMembrane: Float?
    private let threads: Int

    /// The alignment of a placed network.
    ///
    /// - Parameter spikeMembrane: what a membrane is at least where a spike was measured, in model units; nil leaves the
    ///   sample as it is.
    public init(
        _ placement: Placement, grid: TimeGrid, chip: ChipSection, hiddenScale: Double,
        spikeMembrane: Double? = nil, threads: Int = 1
    ) {
        self.placement = placement
        self.grid = grid
        unitLSB = Float(chip.threshold - chip.leak)
        self.hiddenScale = Float(hiddenScale)
        self.spikeMembrane = spikeMembrane.map { Float($0) }
        self.threads = threads
    }

    /// Input events on the grid: bin `t` holds events of `[t, t + 1)` sample periods.
    public func grid(_ inputs: SpikeTrains) -> GriddedSpikes { timed(inputs).gridded }

    /// Input events, to be put onto the grid by whoever works on them.
    public func timed(_ inputs: SpikeTrains) -> TimedSpikes {
        TimedSpikes(
            inputs, units: 0..<placement.configuration.inputCount, steps: grid.steps,
            period: placement.configuration.samplePeriod, shift: 0)
    }

    /// What a recording says about each layer.
    ///
    /// - Parameters:
    ///   - recording: spikes of all spiking layers, membranes of the layers that were asked for.
    ///   - scales: codes per unit of weight, by layer; a layer whose scale is not the hidden scale has membranes that are
    ///     larger or smaller by their ratio.
    public func observe(_ recording: Recording, scales: [Float]) -> Observation {
        Observation(
            layers: placement.neurons.indices.map { layer in
                let neurons = placement.neurons[layer]
                let spiking = placement.configuration.populations[layer].kind == .spiking
                let spikes =
                    spiking
                    ? TimedSpikes(
                        recording.spikes, units: neurons, steps: grid.steps,
                        period: placement.configuration.samplePeriod, shift: 1) : nil
                return LayerObservation(
                    times: spikes,
                    codes: membranes(
                        recording, neurons, scale: scales[layer], atSpike: spiking ? spikeMembrane : nil))
            })
    }

    /// The readout's membranes, in model units `[entry, step, class]`.
    public func readout(_ recording: Recording, scales: [Float]) -> TimeSeries? {
        guard let neurons = placement.neurons.last, let scale = scales.last else { return nil }
        return membranes(recording, neurons, scale: scale, atSpike: nil)?.series(spikes: nil, threads: threads)
    }

    private func membranes(
        _ recording: Recording, _ neurons: Range<Int>, scale: Float, atSpike: Float?
    ) -> CADCMembranes? {
        guard let cadc = recording.membranes, cadc.neurons.lowerBound <= neurons.lowerBound,
            neurons.upperBound <= cadc.neurons.upperBound
        else { return nil }
        let first = neurons.lowerBound - cadc.neurons.lowerBound
        return CADCMembranes(
            codes: cadc.codes, entries: recording.validity.count, steps: cadc.sampleCount,
            width: cadc.neurons.count, columns: first..<first + neurons.count,
            scale: hiddenScale / (scale * unitLSB), atSpike: atSpike)
    }
}
