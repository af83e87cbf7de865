/// Floats over `[entry, step, neuron]`, row-major, neurons padded to whole vectors of 16, the padding always zero.
public struct TimeSeries: Sendable, Equatable {
    /// Batch entries.
    public let entries: Int
    /// Time steps.
    public let steps: Int
    /// Neurons, without padding.
    public let neurons: Int
    /// Distance of two steps in `values`.
    public let stride: Int
    /// Shape `[entries, steps, stride]`.
    public var values: [Float]

    /// All zeros.
    public init(entries: Int, steps: Int, neurons: Int) {
        self.entries = entries
        self.steps = steps
        self.neurons = neurons
        stride = Matrix.padded(neurons)
        values = Array(repeating: 0, count: entries * steps * stride)
    }

    /// From values with padding, shape `[entries, steps, stride]`. Traps if their number is wrong; the padding has to be 0.
    public init(entries: Int, steps: Int, neurons: Int, padded values: [Float]) {
        self.entries = entries
        self.steps = steps
        self.neurons = neurons
        stride = Matrix.padded(neurons)
        precondition(
            values.count == entries * steps * stride,
            "\(values.count) values do not make \(entries) x \(steps) x \(stride)")
        self.values = values
    }

    /// An element.
    public subscript(entry: Int, step: Int, neuron: Int) -> Float {
        get { values[(entry * steps + step) * stride + neuron] }
        set { values[(entry * steps + step) * stride + neuron] = newValue }
    }
}
