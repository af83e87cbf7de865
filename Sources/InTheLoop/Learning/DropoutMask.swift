import SpikingNetworks
import Tensors

/// Hidden units that are silenced for one minibatch: their input weights are zero, on the chip and in the model.
///
/// One mask per minibatch, no rescaling, none at test time (Cramer, Billaudelle et al. 2022).
struct DropoutMask {
    /// For each hidden layer, which units are silenced.
    private let silenced: [[Bool]]

    /// Draws a mask; nil where the probability is zero.
    init?(_ network: Network, probability: Double, seed: UInt64, step: Int) {
        guard probability > 0 else { return nil }
        var stream = RandomStream(seed: seed, purpose: .dropout, UInt64(step))
        silenced = network.layers.dropLast().map { layer in
            (0..<layer.neurons).map { _ in stream.nextUniform() < probability }
        }
    }

    /// Sets the input weights of silenced units to zero.
    func silence(_ network: inout Network) {
        for (index, units) in silenced.enumerated() {
            Self.forEachColumn(units, of: &network.layers[index].weights) { $0 = 0 }
            if var recurrent = network.layers[index].recurrent {
                Self.forEachColumn(units, of: &recurrent) { $0 = 0 }
                network.layers[index].recurrent = recurrent
            }
        }
    }

    /// Gives silenced units the weights that they had; what the rule did to them is dropped.
    func restore(_ network: inout Network, silenced original: Network) {
        for (index, units) in silenced.enumerated() {
            Self.copyColumns(
                units, from: original.layers[index].weights, to: &network.layers[index].weights)
            if var recurrent = network.layers[index].recurrent,
                let before = original.layers[index].recurrent
            {
                Self.copyColumns(units, from: before, to: &recurrent)
                network.layers[index].recurrent = recurrent
            }
        }
    }

    private static func forEachColumn(
        _ units: [Bool], of matrix: inout Matrix, _ change: (inout Float) -> Void
    ) {
        for row in 0..<matrix.rows {
            for column in 0..<matrix.columns where units[column] { change(&matrix[row, column]) }
        }
    }

    private static func copyColumns(_ units: [Bool], from source: Matrix, to target: inout Matrix) {
        for row in 0..<source.rows {
            for column in 0..<source.columns where units[column] { target[row, column] = source[row, column] }
        }
    }
}
