public import SpikingNetworks
public import Substrate
internal import Tensors

/// The weights of a network as codes: `code = round(scale * w)`, ties to even, clipped to the weight limit.
///
/// Hidden layers have one fixed scale. The readout has no threshold, so its scale follows the largest weight:
/// `min(limit / max|w|, readoutScaleLimit)`; `Alignment` undoes it. Rounding is straight-through: the gradient does not
/// see it (Cramer, Billaudelle et al. 2022 and their released code).
public struct WeightMapping: Sendable, Equatable {
    /// Codes per unit of hidden weight.
    public var hiddenScale: Float
    /// Most codes per unit of readout weight.
    public var readoutScaleLimit: Float
    /// Largest magnitude of a code.
    public var weightLimit: Int

    /// A mapping onto codes of `-weightLimit...weightLimit`.
    public init(hiddenScale: Float, readoutScaleLimit: Float, weightLimit: Int) {
        self.hiddenScale = hiddenScale
        self.readoutScaleLimit = readoutScaleLimit
        self.weightLimit = weightLimit
    }

    /// A network's weights as the chip gets them.
    public struct Mapped: Sendable {
        /// Codes in the order of the placement's projections.
        public var synapses: SynapseMatrix
        /// Codes per unit of weight, by layer.
        public var scales: [Float]
        /// Weights beyond the limit before clipping.
        public var saturated: Int
    }

    /// Largest hidden weight that a code can express; hidden weights are clamped to it after each step.
    public var hiddenWeightLimit: Float { Float(weightLimit) / hiddenScale }

    /// Maps all weights of a network.
    public func quantize(_ network: Network) -> Mapped {
        var mapped = Mapped(synapses: SynapseMatrix(codes: []), scales: [], saturated: 0)
        mapped.synapses.codes.reserveCapacity(
            network.layers.reduce(0) { $0 + ($1.sources + ($1.recurrent?.rows ?? 0)) * $1.neurons })
        for layer in network.layers {
            let scale = layer.kind == .spiking ? hiddenScale : readoutScale(layer.weights)
            mapped.scales.append(scale)
            append(layer.weights, scale, to: &mapped)
            if let recurrent = layer.recurrent { append(recurrent, scale, to: &mapped) }
        }
        return mapped
    }

    private func readoutScale(_ weights: Matrix) -> Float {
        let largest = weights.largestMagnitude
        return largest > 0 ? min(Float(weightLimit) / largest, readoutScaleLimit) : readoutScaleLimit
    }

    private func append(_ weights: Matrix, _ scale: Float, to mapped: inout Mapped) {
        mapped.saturated += weights.appendCodes(
            scale: scale, limit: weightLimit, to: &mapped.synapses.codes)
    }
}
