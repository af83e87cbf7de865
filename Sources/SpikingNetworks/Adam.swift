import CTrainingKernels
public import Tensors

/// Adam (Kingma, Ba, ICLR 2015), with a learning rate that falls by a factor per epoch.
public struct Adam: Sendable, Equatable {
    /// Learning rate of the first epoch.
    public var learningRate: Double
    /// Decay of the mean of the gradient.
    public var beta1: Double
    /// Decay of the mean of the squared gradient.
    public var beta2: Double
    /// Added to the root of the mean square.
    public var epsilon: Double
    /// Factor of the learning rate from an epoch to the next.
    public var decayPerEpoch: Double
    /// What updates depend on; part of a checkpoint.
    public var state: State

    /// Moments and counters.
    public struct State: Sendable, Equatable {
        /// Updates done.
        public var step: Int
        /// Epochs done.
        public var epoch: Int
        /// Mean of the gradient: per layer its weights, then its recurrent weights if any.
        public var firstMoments: [Matrix]
        /// Mean of the squared gradient, in the same order.
        public var secondMoments: [Matrix]

        /// A state.
        public init(step: Int, epoch: Int, firstMoments: [Matrix], secondMoments: [Matrix]) {
            self.step = step
            self.epoch = epoch
            self.firstMoments = firstMoments
            self.secondMoments = secondMoments
        }

        /// Before the first update of a network.
        public static func initial(for network: Network) -> State {
            let zeros = network.layers.flatMap { layer in
                [layer.weights, layer.recurrent].compactMap { matrix in
                    matrix.map { Matrix(rows: $0.rows, columns: $0.columns) }
                }
            }
            return State(step: 0, epoch: 0, firstMoments: zeros, secondMoments: zeros)
        }
    }

    /// An optimiser of a network, by default with the reference experiment's recipe (Cramer et al., PNAS 2022).
    public init(
        for network: Network, learningRate: Double = 1.5e-3, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8, decayPerEpoch: Double = 0.97
    ) {
        precondition(epsilon > 0, "epsilon of \(epsilon)")
        self.learningRate = learningRate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.decayPerEpoch = decayPerEpoch
        state = .initial(for: network)
    }

    /// Learning rate of the present epoch.
    public var currentLearningRate: Double { learningRate * Self.power(decayPerEpoch, state.epoch) }

    /// Lets the learning rate fall by `decayPerEpoch`.
    public mutating func endEpoch() {
        state.epoch += 1
    }

    /// One update of all layers that are not frozen, then a clamp of their weights.
    ///
    ///     m = beta1 m + (1-beta1) g;  v = beta2 v + (1-beta2) g^2
    ///     w -= rate / (1-beta1^n) * m / (sqrt(v) / sqrt(1-beta2^n) + epsilon)
    ///
    /// `limits` holds for each layer the largest magnitude of a weight, nil for no limit; empty for none at all. Traps if
    /// the gradients, limits or moments are not of the network's shape.
    public mutating func update(
        _ network: inout Network, with gradients: Gradients, limits: [Float?] = [], threads: Int = 1,
        level: KernelLevel = .best
    ) {
        precondition(
            gradients.layers.count == network.layers.count,
            "gradients of \(gradients.layers.count) layers, network of \(network.layers.count)")
        let kernels = TrainingKernels(level: level, threads: threads)
        let sums = gradients.layers.flatMap { layer in
            [layer.weights, layer.recurrent].compactMap { $0 }
        }
        withSlots(of: &network, limits: limits) { slots in
            precondition(
                slots.map { [$0.rows, $0.stride] } == sums.map { [$0.rows, $0.stride] },
                "gradients of another shape than the weights")
            kernels.withAddresses(sums.map(\.values)) { sums in
                let pieces = AdamSlot.pieces(of: slots)
                kernels.concurrently([pieces.count]) { _, _, index in
                    let slot = slots[pieces[index].slot]
                    _ = kernels.update(
                        slot, rows: pieces[index].rows,
                        gradient: tk_gradient(
                            sums: sums[pieces[index].slot], slices: 1, distance: 0, block: slot.stride,
                            sources: slot.rows, stride: slot.stride, factor: 1, decay: 0))
                }
            }
        }
    }

    /// The update that is due in the kernels' terms.
    func constants(limit: Float?) -> tk_adam {
        tk_adam(
            beta1: Float(beta1), one_minus_beta1: Float(1 - beta1), beta2: Float(beta2),
            one_minus_beta2: Float(1 - beta2),
            rate: Float(currentLearningRate / (1 - Self.power(beta1, state.step))),
            root_scale: Float(1 / (1 - Self.power(beta2, state.step)).squareRoot()),
            epsilon: Float(epsilon), limit: limit ?? .infinity)
    }

    /// A power by squaring: the same bits on each machine.
    private static func power(_ base: Double, _ exponent: Int) -> Double {
        var (result, square, rest) = (1.0, base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return result
    }
}
