import CTrainingKernels
import Tensors

/// The adjoint of a layer: what it needs and what is wanted of it.
struct LayerAdjoint {
    /// The layer.
    var layer: Layer
    /// Its factors.
    var dynamics: tk_dynamics
    /// Steepness of SuperSpike, used where there are no slopes.
    var beta: Float
    /// dS/dV of another surrogate gradient, in the shape of the membranes.
    var slopes: [Float]?
    /// Spikes it received.
    var input: GriddedSpikes
    /// What it did.
    var trace: LayerTrace
    /// dL/dV from outside, shape `[entry, step, neuron]`.
    var external: TimeSeries?
    /// dL/d(number of spikes), shape `[entry, neuron]`.
    var totals: Matrix?
    /// The next layer's weights.
    var nextWeights: Matrix?
    /// dL/dI of the next layer, padded `[entry, step, next neuron]`.
    var nextCurrents: [Float]
    /// Whether derivatives of its weights are wanted.
    var wantsWeights: Bool
    /// Whether dL/dI is wanted, for the layer below.
    var wantsCurrents: Bool
}

extension TrainingKernels {
    /// Pieces a gradient is summed in, in this order: by shape alone, so that results do not depend on threads.
    private static let pieces = 8

    /// Derivatives of a layer's weights and dL/dI, each if wanted (else empty).
    func backward(_ adjoint: LayerAdjoint) -> (gradients: LayerGradients, currents: [Float]) {
        let layer = adjoint.layer
        let (entries, steps, stride) = (adjoint.input.entries, adjoint.input.steps, layer.weights.stride)
        let vectors = stride / Matrix.lane
        let blocks = layer.recurrent == nil ? (vectors + 3) / 4 : 1
        let parts = max(1, min(entries, Self.pieces / blocks))
        let weightCount = adjoint.wantsWeights ? layer.weights.values.count : 0
        let recurrentCount = adjoint.wantsWeights ? layer.recurrent?.values.count ?? 0 : 0
        var currents: [Float] = uninitialized(adjoint.wantsCurrents ? entries * steps * stride : 0)
        var weights: [Float] = uninitialized(weightCount)
        var recurrent = [Float](repeating: 0, count: recurrentCount)
        var otherWeights: [Float] = uninitialized(weightCount * (parts - 1))
        var otherRecurrent = [Float](repeating: 0, count: recurrentCount * (parts - 1))
        withShape(adjoint) { shape in
            currents.withUnsafeMutableBufferPointer { currents in
                weights.withUnsafeMutableBufferPointer { weights in
                    recurrent.withUnsafeMutableBufferPointer { recurrent in
                        otherWeights.withUnsafeMutableBufferPointer { otherWeights in
                            otherRecurrent.withUnsafeMutableBufferPointer { otherRecurrent in
                                concurrently(parts * blocks) { task in
                                    let (part, block) = (task / blocks, task % blocks)
                                    var arguments = shape
                                    arguments.first_entry = Self.start(of: part, of: parts, in: entries)
                                    arguments.last_entry = Self.start(of: part + 1, of: parts, in: entries)
                                    if layer.recurrent == nil {
                                        arguments.first_column = block * 4 * Matrix.lane
                                        arguments.vectors = min(4, vectors - block * 4)
                                    }
                                    if adjoint.wantsCurrents { arguments.currents = currents.baseAddress }
                                    if adjoint.wantsWeights {
                                        arguments.weights =
                                            part == 0
                                            ? weights.baseAddress
                                            : otherWeights.baseAddress?.advanced(by: (part - 1) * weightCount)
                                        arguments.recurrent_gradient =
                                            part == 0
                                            ? recurrent.baseAddress
                                            : otherRecurrent.baseAddress?
                                                .advanced(by: (part - 1) * recurrentCount)
                                    }
                                    run(&arguments, sources: layer.sources, isRecurrent: layer.recurrent != nil)
                                }
                            }
                        }
                    }
                }
            }
        }
        sum(otherWeights, parts: parts - 1, into: &weights)
        sum(otherRecurrent, parts: parts - 1, into: &recurrent)
        var gradients = LayerGradients(weights: Matrix(rows: 0, columns: layer.neurons))
        if adjoint.wantsWeights {
            gradients.weights = Matrix(rows: layer.sources, columns: layer.neurons, padded: weights)
            gradients.recurrent = layer.recurrent.map {
                Matrix(rows: $0.rows, columns: $0.columns, padded: recurrent)
            }
        }
        return (gradients, currents)
    }

    /// One piece, its own columns of the weights' derivatives cleared first.
    private func run(_ arguments: inout tk_backward, sources: Int, isRecurrent: Bool) {
        if let weights = arguments.weights {
            for source in 0..<sources {
                (weights + source * arguments.stride + arguments.first_column)
                    .update(repeating: 0, count: arguments.vectors * Matrix.lane)
            }
        }
        guard isRecurrent else { return table.pointee.backward(&arguments) }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * arguments.stride) {
            table.pointee.backward_recurrent(&arguments, $0.baseAddress)
        }
    }

    /// Adds parts, stored one after the other, in their order.
    private func sum(_ parts: [Float], parts count: Int, into total: inout [Float]) {
        guard count > 0, !total.isEmpty else { return }
        let (size, vectors) = (total.count, total.count / Matrix.lane)
        let pieces = min(vectors, threads == 1 ? 1 : 2 * threads)
        parts.withUnsafeBufferPointer { parts in
            total.withUnsafeMutableBufferPointer { total in
                guard let source = parts.baseAddress, let target = total.baseAddress else { return }
                concurrently(pieces) { piece in
                    let start = Self.start(of: piece, of: pieces, in: vectors) * Matrix.lane
                    let end = Self.start(of: piece + 1, of: pieces, in: vectors) * Matrix.lane
                    for part in 0..<count {
                        table.pointee.add(end - start, target + start, source + part * size + start, 1)
                    }
                }
            }
        }
    }

    /// The kernel's arguments but for the piece and what is written.
    private func withShape(_ adjoint: LayerAdjoint, _ body: (tk_backward) -> Void) {
        let layer = adjoint.layer
        let stride = layer.weights.stride
        let next = adjoint.nextWeights.map { transposed($0, stride: stride) }
        let recurrent = layer.recurrent.map { transposed($0, stride: stride) }
        let bits = adjoint.dynamics.reset_kind == Int32(TK_RESET_ZERO) && layer.kind == .spiking
            ? self.bits(adjoint.trace.spikes) : nil
        withEvents(adjoint.input) { input in
            withEvents(adjoint.trace.spikes) { spikes in
                adjoint.trace.membranes.values.withUnsafeBufferPointer { membranes in
                    withOptional(adjoint.slopes) { slopes in
                        withOptional(adjoint.external?.values) { external in
                            withOptional(adjoint.totals?.values) { totals in
                                withOptional(bits) { bits in
                                    withOptional(next) { next in
                                        withOptional(recurrent) { recurrent in
                                            adjoint.nextCurrents.withUnsafeBufferPointer { nextCurrents in
                                                var shape = tk_backward()
                                                shape.dynamics = adjoint.dynamics
                                                shape.beta = adjoint.beta
                                                shape.spiking = layer.kind == .spiking ? 1 : 0
                                                shape.steps = adjoint.input.steps
                                                shape.stride = stride
                                                shape.vectors = stride / Matrix.lane
                                                shape.input = input
                                                shape.membranes = membranes.baseAddress
                                                shape.slopes = slopes
                                                shape.external = external
                                                shape.totals = totals
                                                shape.bits = bits
                                                shape.next_neurons = adjoint.nextWeights?.columns ?? 0
                                                shape.next_stride = adjoint.nextWeights?.stride ?? 0
                                                shape.next_weights = next
                                                shape.next_currents = nextCurrents.baseAddress
                                                shape.spikes = spikes
                                                shape.recurrent = recurrent
                                                shape.neurons = layer.neurons
                                                body(shape)
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    /// `[column, stride]` of a matrix.
    private func transposed(_ matrix: Matrix, stride: Int) -> [Float] {
        var result: [Float] = uninitialized(matrix.columns * stride)
        matrix.values.withUnsafeBufferPointer { source in
            result.withUnsafeMutableBufferPointer { target in
                tk_transpose(
                    matrix.rows, matrix.columns, matrix.stride, source.baseAddress, stride, target.baseAddress)
            }
        }
        return result
    }
}
