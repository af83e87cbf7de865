import CTrainingKernels
public import Tensors

/// A loss of the readout membranes.
public protocol Loss: Sendable {
    /// Value, gradient and predictions. Traps on a label out of range or a wrong number of labels.
    func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue
}

/// What a loss says of a batch.
public struct LossValue: Sendable, Equatable {
    /// Mean over the entries.
    public var value: Double
    /// Entries whose prediction is their label.
    public var correct: Int
    /// Derivative of `value` with respect to the readout membranes, shape `[entry, step, neuron]`.
    public var gradient: TimeSeries
    /// The neuron with the highest score of each entry, the first of equals.
    public var predictions: [Int]

    /// What a loss says of a batch.
    public init(value: Double, correct: Int, gradient: TimeSeries, predictions: [Int]) {
        self.value = value
        self.correct = correct
        self.gradient = gradient
        self.predictions = predictions
    }
}

/// Negative log-likelihood of log-softmax of `scale * max_t V` (Cramer et al., PNAS 2022: MNIST, scale 10).
///
/// The gradient goes to the first step that reaches the maximum.
public struct MaxOverTime: KernelLoss, Hashable, Codable {
    /// Factor of the scores.
    public var scale: Double

    /// A loss with a factor of the scores.
    public init(scale: Double = 10) {
        self.scale = scale
    }

    /// Value, gradient and predictions. Traps on a label out of range or a wrong number of labels.
    public func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue {
        TrainingKernels().evaluate(kernelLoss, readout: readout, labels: labels)
    }

    var kernelLoss: tk_loss { tk_loss(kind: Int32(TK_LOSS_MAX), scale: scale, weight: 0, amplitude: 0) }
}

/// Negative log-likelihood of log-softmax of `scale * sum_t V` (Cramer et al., PNAS 2022: speech, scale 1).
public struct SumOverTime: KernelLoss, Hashable, Codable {
    /// Factor of the scores.
    public var scale: Double

    /// A loss with a factor of the scores.
    public init(scale: Double = 1) {
        self.scale = scale
    }

    /// Value, gradient and predictions. Traps on a label out of range or a wrong number of labels.
    public func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue {
        TrainingKernels().evaluate(kernelLoss, readout: readout, labels: labels)
    }

    var kernelLoss: tk_loss { tk_loss(kind: Int32(TK_LOSS_SUM), scale: scale, weight: 0, amplitude: 0) }
}

/// A loss that the kernels know.
protocol KernelLoss: Loss {
    /// The loss in the kernels' terms but for the number of entries and the amplitude's penalty.
    var kernelLoss: tk_loss { get }
}
