public import Tensors

/// A layer of neurons and the synapses onto it.
public struct Layer: Sendable, Equatable {
    /// What its neurons do.
    public enum Kind: String, Codable, Sendable {
        /// Leaky integrate-and-fire.
        case spiking
        /// A leaky integrator without threshold: a readout.
        case integrating
    }

    /// What its neurons do.
    public var kind: Kind
    /// Time constants and potentials of its neurons.
    public var parameters: LIFParameters
    /// Shape `[source, neuron]`.
    public var weights: Matrix
    /// Weights among its own neurons, shape `[neuron, neuron]` (source first): `I[t+1] += recurrent^T S[t]`.
    public var recurrent: Matrix?

    /// A layer. Traps if the recurrent weights do not fit or an integrating layer has any.
    public init(
        kind: Kind, parameters: LIFParameters = LIFParameters(), weights: Matrix, recurrent: Matrix? = nil
    ) {
        if let recurrent {
            precondition(kind == .spiking, "recurrent weights of a layer that does not spike")
            precondition(
                recurrent.rows == weights.columns && recurrent.columns == weights.columns,
                "recurrent weights \(recurrent.rows) x \(recurrent.columns) of \(weights.columns) neurons")
        }
        self.kind = kind
        self.parameters = parameters
        self.weights = weights
        self.recurrent = recurrent
    }

    /// Number of neurons.
    public var neurons: Int { weights.columns }
    /// Number of channels it listens to.
    public var sources: Int { weights.rows }
}
