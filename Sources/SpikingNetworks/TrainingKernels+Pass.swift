import CTrainingKernels
import Crews
import Tensors

/// What a pass has of a layer.
struct PassLayer {
    /// What its neurons do.
    var kind: Layer.Kind
    /// Channels it listens to.
    var sources: Int
    /// Neurons.
    var neurons: Int
    /// Whether its neurons drive themselves.
    var isRecurrent: Bool
    /// Its factors.
    var dynamics: tk_dynamics
    /// Steepness of SuperSpike, used where there are no slopes.
    var beta: Float
    /// dS/dV of another surrogate gradient, in the shape of the membranes.
    var slopes: [Float]?
    /// What is not to be modelled.
    var observed = LayerObservation()
    /// dL/d(number of spikes), shape `[entry, neuron]`; nil: `burst` times the number.
    var totals: Matrix?
    /// Factor of the burst penalty's gradient.
    var burst: Float = 0
    /// Whether derivatives of its weights are wanted.
    var wantsGradient = false

    /// A layer of a network, nothing of it observed. Traps unless its threshold is above leak and reset.
    init(_ index: Int, of network: Network) {
        let layer = network.layers[index]
        let (propagators, parameters) = network.dynamics(of: index)
        kind = layer.kind
        sources = layer.sources
        neurons = layer.neurons
        isRecurrent = layer.recurrent != nil
        dynamics = TrainingKernels.dynamics(propagators, parameters: parameters, reset: network.reset)
        beta = (network.surrogate as? SuperSpike)?.beta ?? 0
    }

    /// Padded number of neurons.
    var stride: Int { Matrix.padded(neurons) }
    /// Whether the forward pass has to compute it.
    var isModelled: Bool { !observed.hasMembranes }
    /// Columns of a block of its packed weights.
    var block: Int { isRecurrent ? stride : TK_BLOCK }
    /// Floats of its weights.
    var weightCount: Int { sources * stride }
    /// Floats of its recurrent weights.
    var recurrentCount: Int { isRecurrent ? neurons * stride : 0 }
}

/// Where a layer's weights are, as `Matrix` has them.
struct LayerWeights<Pointer> {
    /// Its weights.
    var weights: Pointer
    /// Its recurrent weights.
    var recurrent: Pointer?
}

extension TrainingKernels {
    /// Slices a gradient is summed in: by shape alone, so that results do not depend on threads. Each costs the time of
    /// some entries.
    static func slices(of entries: Int) -> Int { max(1, min(8, entries / 40)) }

    /// Calls a body with layers in the kernels' terms: weights packed where a pass reads them, memory for gradients.
    func withLayers(
        _ layers: [PassLayer], weights: [LayerWeights<UnsafePointer<Float>>], slices: Int,
        memory: TrainingMemory, _ body: (inout [tk_layer]) -> Void
    ) {
        withPointers(layers[...]) { pointers in
            let lowest = layers.indices.first { layers[$0].wantsGradient } ?? layers.count
            for (index, item) in layers.enumerated() {
                let gain = item.dynamics.gain
                let source = weights[index]
                if item.isModelled {
                    let target = memory.floats(item.weightCount, for: .weights(index))
                    table.pointee.pack(item.sources, item.stride, item.block, source.weights, gain, target)
                    pointers[index].weights = UnsafePointer(target)
                    if let recurrent = source.recurrent {
                        let target = memory.floats(item.recurrentCount, for: .recurrent(index))
                        table.pointee.pack(item.neurons, item.stride, item.stride, recurrent, gain, target)
                        pointers[index].recurrent = UnsafePointer(target)
                    }
                }
                if index > lowest {
                    let stride = layers[index - 1].stride
                    let target = memory.floats(item.neurons * stride, for: .outgoing(index))
                    tk_transpose(
                        item.sources, item.neurons, item.stride, source.weights, gain, stride, target)
                    pointers[index].outgoing = UnsafePointer(target)
                }
                if index >= lowest, let recurrent = source.recurrent {
                    let target = memory.floats(item.recurrentCount, for: .recurrentOutgoing(index))
                    tk_transpose(
                        item.neurons, item.neurons, item.stride, recurrent, gain, item.stride, target)
                    pointers[index].recurrent_outgoing = UnsafePointer(target)
                }
                if item.wantsGradient {
                    pointers[index].distance = item.weightCount + item.recurrentCount
                    pointers[index].gradient = memory.floats(
                        slices * pointers[index].distance, for: .gradient(index))
                }
            }
            body(&pointers)
        }
    }

    /// Takes slices of a batch through a pass, as the first stage of work that `then` counts and does.
    ///
    /// - Returns: what the slices add up to, in their order.
    func run(
        _ pass: tk_pass, entries: Int, slices: Int, memory: TrainingMemory, by crew: Crew? = nil,
        then counts: [Int] = [], _ task: (_ stage: Int, _ index: Int) -> Void = { _, _ in }
    ) -> PassSums {
        var pass = pass
        let size = tk_scratch_size(&pass)
        let scratch = (0..<threads).map { memory.bytes(size, for: .scratch($0)) }
        var sums = [tk_sums](repeating: tk_sums(), count: slices)
        var squares = [UInt64](repeating: 0, count: slices * pass.layer_count)
        sums.withUnsafeMutableBufferPointer { sums in
            squares.withUnsafeMutableBufferPointer { squares in
                // Slices write to elements of their own.
                nonisolated(unsafe) let (sums, squares) = (sums, squares)
                concurrently([slices] + counts, by: crew) { stage, thread, index in
                    guard stage == 0 else { return task(stage - 1, index) }
                    var pass = pass
                    tk_slice(
                        table, &pass, index, Self.start(of: index, of: slices, in: entries),
                        Self.start(of: index + 1, of: slices, in: entries), scratch[thread],
                        sums.baseAddress.map { $0 + index },
                        squares.baseAddress.map { $0 + index * pass.layer_count })
                }
            }
        }
        return PassSums(sums, squares: squares, layers: pass.layer_count)
    }

    /// The derivatives of a layer, summed over slices; zero where they were not wanted.
    func gradients(_ item: PassLayer, _ layer: tk_layer, slices: Int) -> LayerGradients {
        func matrix(recurrent: Bool) -> Matrix {
            let rows = recurrent ? item.neurons : item.sources
            guard item.wantsGradient else { return Matrix(rows: rows, columns: item.neurons) }
            var gradient = gradient(item, layer, slices: slices, recurrent: recurrent)
            var values: [Float] = uninitialized(rows * item.stride)
            values.withUnsafeMutableBufferPointer { table.pointee.gradient(&gradient, nil, $0.baseAddress) }
            return Matrix(rows: rows, columns: item.neurons, padded: values)
        }
        return LayerGradients(
            weights: matrix(recurrent: false),
            recurrent: item.isRecurrent ? matrix(recurrent: true) : nil)
    }

    /// Where the derivatives of a layer's weights, or of its recurrent weights, lie after a pass.
    func gradient(
        _ item: PassLayer, _ layer: tk_layer, slices: Int, recurrent: Bool, decay: Float = 0
    ) -> tk_gradient {
        tk_gradient(
            sums: layer.gradient + (recurrent ? item.weightCount : 0), slices: slices,
            distance: layer.distance, block: recurrent ? item.stride : item.block,
            sources: recurrent ? item.neurons : item.sources, stride: item.stride,
            factor: item.dynamics.gain, decay: decay)
    }
}

/// What a pass over a batch adds up to.
struct PassSums {
    /// Loss of the readout.
    var loss = 0.0
    /// Entries classified correctly.
    var correct = 0
    /// Hidden spikes.
    var spikes = 0
    /// By layer: the sum over entries and neurons of the squared number of spikes.
    var squares: [UInt64]
    /// Processor seconds of alignment, forward pass, loss and backward pass.
    var seconds = [Double](repeating: 0, count: 4)

    /// The sum over slices, in their order.
    init(_ slices: [tk_sums], squares: [UInt64], layers: Int) {
        self.squares = [UInt64](repeating: 0, count: layers)
        for (index, slice) in slices.enumerated() {
            loss += slice.score.loss
            correct += slice.score.correct
            spikes += slice.spikes
            let parts = slice.seconds
            for (part, time) in [parts.0, parts.1, parts.2, parts.3].enumerated() { seconds[part] += time }
            for layer in 0..<layers { self.squares[layer] += squares[index * layers + layer] }
        }
    }
}
