public import Tensors

/// What was measured of a layer, on the network's grid.
public struct LayerObservation: Sendable, Equatable {
    /// Measured spikes as they came; nil if not recorded.
    private(set) var record: BatchSpikes?
    /// Measured membranes as CADC codes, if they came as such.
    public private(set) var codes: CADCMembranes?
    private var series: TimeSeries?

    /// Measured spikes on the network's grid; nil if not recorded. Computed on each call where they came by the device's
    /// clock.
    public var spikes: GriddedSpikes? {
        get { record?.gridded }
        set { record = newValue.map { .gridded($0) } }
    }

    /// Measured membranes in units of the model, from the leak potential; nil if not recorded. Computed on each call
    /// where they came as codes.
    public var membranes: TimeSeries? {
        get { series ?? codes?.series(spikes: spikes) }
        set {
            series = newValue
            codes = nil
        }
    }

    /// An observation of a layer.
    public init(spikes: GriddedSpikes? = nil, membranes: TimeSeries? = nil) {
        record = spikes.map { .gridded($0) }
        series = membranes
    }

    /// An observation of a layer whose membranes come as codes.
    public init(spikes: GriddedSpikes?, codes: CADCMembranes?) {
        record = spikes.map { .gridded($0) }
        self.codes = codes
    }

    /// An observation of a layer as a device made it.
    public init(times: TimedSpikes?, codes: CADCMembranes?) {
        record = times.map { .timed($0) }
        self.codes = codes
    }

    /// Membranes that came in units of the model.
    var measuredSeries: TimeSeries? { series }
    /// The same with spikes on the grid and membranes in units of the model.
    var converted: LayerObservation {
        let spikes = spikes
        return LayerObservation(spikes: spikes, membranes: series ?? codes?.series(spikes: spikes))
    }
    /// Whether membranes were measured.
    var hasMembranes: Bool { series != nil || codes != nil }
}

/// What was measured of a network, layer by layer.
public struct Observation: Sendable, Equatable {
    /// One per layer of the network.
    public var layers: [LayerObservation]

    /// An observation of a network.
    public init(layers: [LayerObservation]) {
        self.layers = layers
    }
}

/// Membranes and spikes of a layer as the backward pass sees them: measured where measured, modelled elsewhere.
public struct LayerTrace: Sendable, Equatable {
    /// Shape `[entry, step, neuron]`, from the leak potential.
    public var membranes: TimeSeries
    /// Empty for an integrating layer.
    public var spikes: GriddedSpikes

    /// A trace of a layer.
    public init(membranes: TimeSeries, spikes: GriddedSpikes) {
        self.membranes = membranes
        self.spikes = spikes
    }
}

/// The record of a forward pass.
public struct Trace: Sendable, Equatable {
    /// Input spikes.
    public var input: GriddedSpikes
    /// One per layer of the network.
    public var layers: [LayerTrace]

    /// A trace of a network.
    public init(input: GriddedSpikes, layers: [LayerTrace]) {
        self.input = input
        self.layers = layers
    }

    /// Membranes of the last layer. Traps without layers.
    public var readout: TimeSeries {
        precondition(!layers.isEmpty, "a trace without layers")
        return layers[layers.count - 1].membranes
    }
}
