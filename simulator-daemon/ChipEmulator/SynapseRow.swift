/// The synapses of a row of a population, in the kernel's terms; shapes `[neuron]`.
struct SynapseRow {
    /// Gains for positive codes.
    private(set) var positive: [Float]
    /// Gains for negative codes.
    private(set) var negative: [Float]
    /// Bows for positive codes.
    private(set) var positiveBow: [Float]
    /// Bows for negative codes.
    private(set) var negativeBow: [Float]
    /// Weights that do not depend on the code.
    private(set) var fixed: [Float]

    /// A row of silent synapses.
    init(size: Int) {
        positive = Array(repeating: 0, count: size)
        negative = positive
        positiveBow = positive
        negativeBow = positive
        fixed = positive
    }

    /// Sets the synapses of a neuron.
    mutating func set(
        _ neuron: Int,
        _ terms: (
            positive: Float, negative: Float, positiveBow: Float, negativeBow: Float, fixed: Float
        )
    ) {
        positive[neuron] = terms.positive
        negative[neuron] = terms.negative
        positiveBow[neuron] = terms.positiveBow
        negativeBow[neuron] = terms.negativeBow
        fixed[neuron] = terms.fixed
    }
}
