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
        var weights: [Float] = []
        var recurrent: [Float] = []
        withShape(adjoint) { shape in
            withAligned(weightCount * parts) { weightParts in
                withAligned(recurrentCount * parts) { recurrentParts in
                    currents.withUnsafeMutableBufferPointer { currents in
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
                                arguments.weights = weightParts + part * weightCount
                                if recurrentCount > 0 {
                                    arguments.recurrent_gradient = recurrentParts + part * recurrentCount
                                }
                            }
                            run(&arguments, layer: layer)
                        }
                    }
                    recurrent = sum(recurrentParts, parts: parts, count: recurrentCount)
                }
                weights = sum(weightParts, parts: parts, count: weightCount)
            }
        }
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
    private func run(_ arguments: inout tk_backward, layer: Layer) {
        if let weights = arguments.weights {
            for source in 0..<layer.sources {
                (weights + source * arguments.stride + arguments.first_column)
                    .update(repeating: 0, count: arguments.vectors * Matrix.lane)
            }
        }
        guard layer.recurrent != nil else { return table.pointee.backward(&arguments) }
        if let gradient = arguments.recurrent_gradient {
            gradient.update(repeating: 0, count: layer.neurons * arguments.stride)
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * arguments.stride) {
            table.pointee.backward_recurrent(&arguments, $0.baseAddress)
        }
    }

    /// The sum of parts of `count` values, stored one after the other, in their order.
    private func sum(_ source: UnsafeMutablePointer<Float>, parts: Int, count: Int) -> [Float] {
        var total: [Float] = uninitialized(count)
        let vectors = count / Matrix.lane
        let pieces = min(vectors, threads == 1 ? 1 : 2 * threads)
        total.withUnsafeMutableBufferPointer { total in
            guard let target = total.baseAddress else { return }
            concurrently(pieces) { piece in
                let start = Self.start(of: piece, of: pieces, in: vectors) * Matrix.lane
                let end = Self.start(of: piece + 1, of: pieces, in: vectors) * Matrix.lane
                (target + start).update(from: source + start, count: end - start)
                for part in 1..<max(parts, 1) {
                    table.pointee.add(end - start, target + start, source + part * count + start, 1)
                }
            }
        }
        return total
    }

    /// The kernel's arguments but for the piece and what is written.
    private func withShape(_ adjoint: LayerAdjoint, _ body: (tk_backward) -> Void) {
        let layer = adjoint.layer
        let stride = layer.weights.stride
        let carriesReset =
            layer.kind == .spiking && adjoint.dynamics.reset_kind == Int32(TK_RESET_ZERO)
        let bits = carriesReset ? self.bits(adjoint.trace.spikes) : nil
        withEvents(adjoint.input) { input in
            withEvents(adjoint.trace.spikes) { spikes in
                adjoint.trace.membranes.values.withUnsafeBufferPointer { membranes in
                    withOptional(adjoint.slopes) { slopes in
                        withOptional(adjoint.external?.values) { external in
                            withOptional(adjoint.totals?.values) { totals in
                                withOptional(bits) { bits in
                                    withTransposed(adjoint.nextWeights, stride: stride) { next in
                                        withTransposed(layer.recurrent, stride: stride) { recurrent in
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

    /// `[column, stride]` of a matrix that may be missing.
    private func withTransposed(
        _ matrix: Matrix?, stride: Int, _ body: (UnsafePointer<Float>?) -> Void
    ) {
        guard let matrix else { return body(nil) }
        withAligned(matrix.columns * stride) { target in
            matrix.values.withUnsafeBufferPointer { source in
                tk_transpose(
                    matrix.rows, matrix.columns, matrix.stride, source.baseAddress, stride, target)
            }
            body(target)
        }
    }

    /// Scratch memory, not cleared, at the start of a cache line: vectors that straddle two cost a quarter of the speed.
    private func withAligned(_ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: max(count, 1) * MemoryLayout<Float>.stride, alignment: 64)
        defer { memory.deallocate() }
        body(memory.bindMemory(to: Float.self, capacity: count))
    }
}
