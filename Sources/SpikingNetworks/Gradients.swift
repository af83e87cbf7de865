public import Tensors

/// Derivatives of a loss with respect to a layer's weights.
public struct LayerGradients: Sendable, Equatable {
    /// Shape `[source, neuron]`.
    public var weights: Matrix
    /// Shape `[neuron, neuron]`; nil for a layer without recurrent weights.
    public var recurrent: Matrix?

    /// Gradients of a layer.
    public init(weights: Matrix, recurrent: Matrix? = nil) {
        self.weights = weights
        self.recurrent = recurrent
    }
}

/// Derivatives of a loss with respect to a network's weights; zero for frozen layers.
public struct Gradients: Sendable, Equatable {
    /// One per layer of the network.
    public var layers: [LayerGradients]

    /// Gradients of a network.
    public init(layers: [LayerGradients]) {
        self.layers = layers
    }

    /// All zero, in the shape of a network.
    public static func zero(of network: Network) -> Gradients {
        Gradients(
            layers: network.layers.map { layer in
                LayerGradients(
                    weights: Matrix(rows: layer.sources, columns: layer.neurons),
                    recurrent: layer.recurrent.map { Matrix(rows: $0.rows, columns: $0.columns) })
            })
    }

    /// Adds others, times a factor. Traps if the shapes differ.
    public mutating func add(_ other: Gradients, times factor: Float = 1) {
        precondition(
            layers.count == other.layers.count, "\(layers.count) layers + \(other.layers.count) layers")
        for index in layers.indices {
            layers[index].weights.add(other.layers[index].weights, times: factor)
            if let recurrent = other.layers[index].recurrent {
                layers[index].recurrent?.add(recurrent, times: factor)
            }
        }
    }

    /// Multiplies all by a factor.
    public mutating func scale(by factor: Float) {
        for index in layers.indices {
            layers[index].weights.scale(by: factor)
            layers[index].recurrent?.scale(by: factor)
        }
    }
}
