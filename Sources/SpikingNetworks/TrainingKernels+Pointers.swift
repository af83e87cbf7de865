import CTrainingKernels
import Tensors

extension TrainingKernels {
    /// Layers in the kernels' terms, with the addresses of all that is known of them but their weights.
    func withPointers(_ layers: ArraySlice<PassLayer>, _ body: (inout [tk_layer]) -> Void) {
        func descend(_ rest: ArraySlice<PassLayer>, _ done: [tk_layer]) {
            guard let item = rest.first else {
                var done = done
                return body(&done)
            }
            withPointers(item) { descend(rest.dropFirst(), done + [$0]) }
        }
        descend(layers, [])
    }

    private func withPointers(_ item: PassLayer, _ body: (tk_layer) -> Void) {
        var result = tk_layer()
        result.dynamics = item.dynamics
        result.sources = item.sources
        result.neurons = item.neurons
        result.stride = item.stride
        result.spiking = item.kind == .spiking ? 1 : 0
        result.beta = item.beta
        result.burst = item.burst
        withOptional(item.slopes) { slopes in
            withOptional(item.observed.measuredSeries?.values) { membranes in
                withOptional(item.totals?.values) { totals in
                    withSpikes(item.kind == .spiking ? item.observed.record : nil) { spikes, trains in
                        result.slopes = slopes
                        result.membranes = membranes
                        result.totals = totals
                        result.spikes = spikes
                        result.trains = trains
                        guard let codes = item.observed.codes else { return body(result) }
                        withCodes(codes) {
                            result.codes = $0
                            body(result)
                        }
                    }
                }
            }
        }
    }

    /// The weights of a network.
    func withWeights(
        _ layers: [Layer], _ body: ([LayerWeights<UnsafePointer<Float>>]) -> Void
    ) {
        func descend(_ rest: ArraySlice<Layer>, _ done: [LayerWeights<UnsafePointer<Float>>]) {
            guard let layer = rest.first else { return body(done) }
            withOptional(layer.weights.values) { weights in
                withOptional(layer.recurrent?.values) { recurrent in
                    guard let weights else { return }
                    descend(
                        rest.dropFirst(), done + [LayerWeights(weights: weights, recurrent: recurrent)])
                }
            }
        }
        descend(layers[...], [])
    }

    /// The addresses of arrays.
    func withAddresses(_ arrays: [[Float]], _ body: ([UnsafePointer<Float>]) -> Void) {
        func descend(_ rest: ArraySlice<[Float]>, _ done: [UnsafePointer<Float>]) {
            guard let array = rest.first else { return body(done) }
            withOptional(array) { address in
                guard let address else { return }
                descend(rest.dropFirst(), done + [address])
            }
        }
        descend(arrays[...], [])
    }

    /// The addresses of arrays, which only the body may touch.
    func withMutable<Element>(
        _ arrays: inout [[Element]], _ done: [UnsafeMutablePointer<Element>] = [],
        _ body: ([UnsafeMutablePointer<Element>]) -> Void
    ) {
        guard done.count < arrays.count else { return body(done) }
        // Moved out, so that nobody else holds it and nothing is copied.
        var own: [Element] = []
        swap(&own, &arrays[done.count])
        own.withUnsafeMutableBufferPointer {
            // Nobody reads or writes at the address of an empty array.
            let nowhere = UnsafeMutablePointer<Element>(bitPattern: MemoryLayout<Element>.alignment)
            guard let start = $0.baseAddress ?? nowhere else { return }
            withMutable(&arrays, done + [start], body)
        }
        swap(&own, &arrays[done.count])
    }

    /// A pass in the kernels' terms, by default forward only.
    func withPass(
        steps: Int, layers: [tk_layer], input: BatchSpikes, loss: tk_loss = tk_loss(), labels: [Int32] = [],
        external: TimeSeries? = nil, _ body: (tk_pass) -> Void
    ) {
        layers.withUnsafeBufferPointer { layers in
            labels.withUnsafeBufferPointer { labels in
                withOptional(external?.values) { external in
                    withSpikes(input) { input, trains in
                        body(
                            tk_pass(
                                steps: steps, layer_count: layers.count, layers: layers.baseAddress,
                                input: input, trains: trains, loss: loss, labels: labels.baseAddress,
                                external: external))
                    }
                }
            }
        }
    }

    /// Codes in the kernels' terms.
    func withCodes(_ cadc: CADCMembranes, _ body: (tk_codes) -> Void) {
        cadc.codes.withUnsafeBufferPointer {
            body(
                tk_codes(
                    codes: $0.baseAddress, width: cadc.width, first: cadc.columns.lowerBound,
                    scale: cadc.scale, raise: cadc.atSpike ?? -.infinity))
        }
    }

    /// Spikes before they are put into bins, in the kernels' terms.
    func withTrains(_ times: TimedSpikes, _ body: (tk_trains) -> Void) {
        times.ends.withUnsafeBufferPointer { ends in
            times.events.withUnsafeBufferPointer { events in
                body(
                    tk_trains(
                        ends: ends.baseAddress, events: events.baseAddress, first: times.units.lowerBound,
                        units: times.units.count, period: UInt32(times.period), shift: times.shift))
            }
        }
    }

    /// Spikes in the kernels' terms, as they came.
    private func withSpikes(_ spikes: BatchSpikes?, _ body: (tk_events, tk_trains) -> Void) {
        switch spikes {
        case .timed(let times): withTrains(times) { body(tk_events(), $0) }
        case .gridded(let spikes): withEvents(spikes) { body($0, tk_trains()) }
        case nil: body(tk_events(), tk_trains())
        }
    }

    /// Spikes on the grid in the kernels' terms.
    private func withEvents(_ spikes: GriddedSpikes, _ body: (tk_events) -> Void) {
        spikes.offsets.withUnsafeBufferPointer { offsets in
            spikes.units.withUnsafeBufferPointer { units in
                withOptional(spikes.values) { values in
                    body(tk_events(offsets: offsets.baseAddress, units: units.baseAddress, values: values))
                }
            }
        }
    }

    /// The address of an array that may be missing.
    private func withOptional<Element>(_ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Void) {
        guard let array else { return body(nil) }
        array.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}
