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
public struct MaxOverTime: Loss, Hashable, Codable {
    /// Factor of the scores.
    public var scale: Double

    /// A loss with a factor of the scores.
    public init(scale: Double = 10) {
        self.scale = scale
    }

    /// Value, gradient and predictions. Traps on a label out of range or a wrong number of labels.
    public func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue {
        let peaks = TrainingKernels().peaks(readout)
        var likelihood = Likelihood(readout: readout, labels: labels, scale: scale)
        for entry in 0..<readout.entries {
            let row = entry * readout.stride
            let slopes = likelihood.add(
                entry: entry, scores: peaks.values[row..<row + readout.neurons])
            for neuron in 0..<readout.neurons {
                likelihood.result.gradient[entry, Int(peaks.steps[row + neuron]), neuron] = slopes[neuron]
            }
        }
        return likelihood.result
    }
}

/// Negative log-likelihood of log-softmax of `scale * sum_t V` (Cramer et al., PNAS 2022: speech, scale 1).
public struct SumOverTime: Loss, Hashable, Codable {
    /// Factor of the scores.
    public var scale: Double

    /// A loss with a factor of the scores.
    public init(scale: Double = 1) {
        self.scale = scale
    }

    /// Value, gradient and predictions. Traps on a label out of range or a wrong number of labels.
    public func evaluate(readout: TimeSeries, labels: [Int]) -> LossValue {
        var likelihood = Likelihood(readout: readout, labels: labels, scale: scale)
        for entry in 0..<readout.entries {
            var sums = [Float](repeating: 0, count: readout.neurons)
            for step in 0..<readout.steps {
                for neuron in 0..<readout.neurons { sums[neuron] += readout[entry, step, neuron] }
            }
            let slopes = likelihood.add(entry: entry, scores: sums[...])
            for step in 0..<readout.steps {
                for neuron in 0..<readout.neurons {
                    likelihood.result.gradient[entry, step, neuron] = slopes[neuron]
                }
            }
        }
        return likelihood.result
    }
}

/// Sums up the negative log-likelihood of a softmax of scores, entry by entry.
private struct Likelihood {
    var result: LossValue
    let labels: [Int]
    let scale: Double
    /// Of one entry, kept to be used again.
    private var exponentials: [Double]
    private var slopes: [Float]

    init(readout: TimeSeries, labels: [Int], scale: Double) {
        precondition(
            labels.count == readout.entries, "\(labels.count) labels for \(readout.entries) entries")
        self.labels = labels
        self.scale = scale
        exponentials = Array(repeating: 0, count: readout.neurons)
        slopes = Array(repeating: 0, count: readout.neurons)
        result = LossValue(
            value: 0, correct: 0,
            gradient: TimeSeries(
                entries: readout.entries, steps: readout.steps, neurons: readout.neurons),
            predictions: [])
        result.predictions.reserveCapacity(readout.entries)
    }

    /// Adds an entry; returns the derivatives of the mean with respect to its scores.
    mutating func add(entry: Int, scores: ArraySlice<Float>) -> [Float] {
        let label = labels[entry]
        precondition(
            label >= 0 && label < scores.count, "label \(label) of entry \(entry), \(scores.count) classes")
        let first = scores.startIndex
        var best = first
        for index in scores.indices where scores[index] > scores[best] { best = index }
        let highest = scale * Double(scores[best])
        var sum = 0.0
        for index in scores.indices {
            let exponential = PortableMath.exp(scale * Double(scores[index]) - highest)
            exponentials[index - first] = exponential
            sum += exponential
        }
        let entries = Double(labels.count)
        result.value += (PortableMath.log(sum) + highest - scale * Double(scores[first + label])) / entries
        result.correct += best - first == label ? 1 : 0
        result.predictions.append(best - first)
        let factor = scale / entries
        for neuron in slopes.indices {
            let target = neuron == label ? 1.0 : 0.0
            slopes[neuron] = Float((exponentials[neuron] / sum - target) * factor)
        }
        return slopes
    }
}
