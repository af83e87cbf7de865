import CTrainingKernels
import Dispatch
import Synchronization
import Tensors

/// The one door to the C kernels: all unsafe pointers of this module are in this file and its backward half.
///
/// Work is cut by shape, never by the number of threads, wherever the cut could be seen in a result.
struct TrainingKernels {
    let table: UnsafePointer<tk_kernels>
    let threads: Int

    /// The kernels of a level, on a number of threads. Traps on a level this processor lacks.
    init(level: KernelLevel = .best, threads: Int = 1) {
        precondition(level <= .best, "this processor has \(KernelLevel.best), not \(level)")
        precondition(threads > 0, "\(threads) threads")
        table = tk_kernels_of(Int32(level.rawValue))
        self.threads = threads
    }

    /// Does `0..<count`, in any order, on all threads.
    func concurrently(_ count: Int, _ task: (Int) -> Void) {
        let workers = min(threads, count)
        guard workers > 1 else {
            for index in 0..<count { task(index) }
            return
        }
        let next = Atomic<Int>(0)
        withoutActuallyEscaping(task) { task in
            // Tasks write to parts of memory that do not overlap, which the compiler cannot see.
            nonisolated(unsafe) let task = task
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                while true {
                    let index = next.add(1, ordering: .relaxed).oldValue
                    guard index < count else { return }
                    task(index)
                }
            }
        }
    }

    /// Start of a piece when `count` things are cut into `pieces`.
    static func start(of piece: Int, of pieces: Int, in count: Int) -> Int { count * piece / pieces }

    /// Factors of a layer in the kernels' terms.
    static func dynamics(
        _ propagators: Propagators, parameters: LIFParameters, reset: Reset
    ) -> tk_dynamics {
        let kind =
            switch reset {
            case .off: TK_RESET_OFF
            case .subtract: TK_RESET_SUBTRACT
            case .zero: TK_RESET_ZERO
            }
        return tk_dynamics(
            current_decay: propagators.currentDecay, membrane_decay: propagators.membraneDecay,
            gain: propagators.gain, threshold: parameters.thresholdAboveLeak,
            reset: parameters.resetAboveLeak,
            driven_by_new_current: propagators.drivenByNewCurrent ? 1 : 0, reset_kind: Int32(kind))
    }

    /// Membranes and spikes of a layer; with measured spikes those do the resets.
    func forward(
        _ layer: Layer, dynamics: tk_dynamics, input: GriddedSpikes, measured: GriddedSpikes?
    ) -> LayerTrace {
        let (entries, steps, neurons) = (input.entries, input.steps, layer.neurons)
        let stride = layer.weights.stride
        let words = stride / Matrix.lane
        let spiking = layer.kind == .spiking
        var bits = spiking ? measured.map(self.bits) ?? uninitialized(entries * steps * words) : []
        var membranes: [Float] = uninitialized(entries * steps * stride)
        let pieces = min(max(entries, 1), threads == 1 ? 1 : 4 * threads)
        withEvents(input) { events in
            layer.weights.values.withUnsafeBufferPointer { weights in
                withOptional(layer.recurrent?.values) { recurrent in
                    bits.withUnsafeMutableBufferPointer { bits in
                        membranes.withUnsafeMutableBufferPointer { membranes in
                            let whole = tk_forward(
                                dynamics: dynamics, steps: steps, stride: stride, first_entry: 0,
                                last_entry: entries, first_column: 0, vectors: words, input: events,
                                weights: weights.baseAddress, recurrent: recurrent,
                                membranes: membranes.baseAddress,
                                bits: spiking ? bits.baseAddress : nil,
                                bits_given: spiking && measured != nil ? 1 : 0)
                            concurrently(pieces) { piece in
                                var part = whole
                                part.first_entry = Self.start(of: piece, of: pieces, in: entries)
                                part.last_entry = Self.start(of: piece + 1, of: pieces, in: entries)
                                if recurrent == nil {
                                    table.pointee.forward(&part)
                                } else {
                                    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * stride) {
                                        table.pointee.forward_recurrent(&part, $0.baseAddress)
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        let series = TimeSeries(entries: entries, steps: steps, neurons: neurons, padded: membranes)
        guard spiking else {
            return LayerTrace(
                membranes: series,
                spikes: GriddedSpikes(silentEntries: entries, steps: steps, channels: neurons))
        }
        return LayerTrace(
            membranes: series,
            spikes: measured ?? spikes(bits, entries: entries, steps: steps, channels: neurons))
    }

    /// Where membranes exceed a threshold.
    func spikes(_ membranes: TimeSeries, above threshold: Float) -> GriddedSpikes {
        let rows = membranes.entries * membranes.steps
        var bits: [UInt16] = uninitialized(rows * membranes.stride / Matrix.lane)
        membranes.values.withUnsafeBufferPointer { values in
            bits.withUnsafeMutableBufferPointer { bits in
                table.pointee.compare(
                    rows, membranes.stride, values.baseAddress, threshold, bits.baseAddress)
            }
        }
        return spikes(
            bits, entries: membranes.entries, steps: membranes.steps, channels: membranes.neurons)
    }

    /// Bits `[entry, step, channel]`, 16 to a word, of spikes.
    func bits(_ spikes: GriddedSpikes) -> [UInt16] {
        let words = Matrix.padded(spikes.channels) / Matrix.lane
        var bits: [UInt16] = uninitialized(spikes.entries * spikes.steps * words)
        withEvents(spikes) { events in
            var events = events
            bits.withUnsafeMutableBufferPointer {
                tk_scatter(spikes.entries * spikes.steps, words, &events, $0.baseAddress)
            }
        }
        return bits
    }

    private func spikes(_ bits: [UInt16], entries: Int, steps: Int, channels: Int) -> GriddedSpikes {
        let words = Matrix.padded(channels) / Matrix.lane
        let rows = entries * steps
        var offsets: [UInt32] = uninitialized(rows + 1)
        offsets[0] = 0
        var units: [UInt16] = []
        bits.withUnsafeBufferPointer { bits in
            offsets.withUnsafeMutableBufferPointer {
                table.pointee.count(rows, words, channels, bits.baseAddress, $0.baseAddress)
            }
            units = uninitialized(Int(offsets[rows]))
            units.withUnsafeMutableBufferPointer {
                table.pointee.gather(rows, words, channels, bits.baseAddress, $0.baseAddress)
            }
        }
        return GriddedSpikes(
            trusted: offsets, units: units, values: nil, entries: entries, steps: steps, channels: channels)
    }

    /// Membranes from CADC codes: the first sample of each entry and column subtracted, times a scale.
    func membranes(
        codes: [UInt8], entries: Int, steps: Int, width: Int, columns: Range<Int>, scale: Float
    ) -> TimeSeries {
        let stride = Matrix.padded(columns.count)
        var values: [Float] = uninitialized(entries * steps * stride)
        let pieces = min(max(entries, 1), threads == 1 ? 1 : 4 * threads)
        codes.withUnsafeBufferPointer { codes in
            values.withUnsafeMutableBufferPointer { values in
                guard let source = codes.baseAddress, let target = values.baseAddress else { return }
                concurrently(pieces) { piece in
                    let start = Self.start(of: piece, of: pieces, in: entries)
                    let end = Self.start(of: piece + 1, of: pieces, in: entries)
                    table.pointee.codes(
                        end - start, steps, width, columns.lowerBound, columns.count, stride,
                        source + start * steps * width, scale, target + start * steps * stride)
                }
            }
        }
        return TimeSeries(entries: entries, steps: steps, neurons: columns.count, padded: values)
    }

    /// Largest value over time and its first step, both of shape `[entries, stride]`.
    func peaks(_ series: TimeSeries) -> (values: [Float], steps: [Int32]) {
        var values: [Float] = uninitialized(series.entries * series.stride)
        var steps: [Int32] = uninitialized(series.entries * series.stride)
        series.values.withUnsafeBufferPointer { source in
            values.withUnsafeMutableBufferPointer { values in
                steps.withUnsafeMutableBufferPointer { steps in
                    table.pointee.peak(
                        series.entries, series.steps, series.stride, source.baseAddress,
                        values.baseAddress, steps.baseAddress)
                }
            }
        }
        return (values, steps)
    }

    /// One update of Adam; all four of one shape.
    func adam(
        _ constants: tk_adam, weights: inout Matrix, first: inout Matrix, second: inout Matrix, gradient: Matrix
    ) {
        let count = weights.values.count
        precondition(
            first.values.count == count && second.values.count == count && gradient.values.count == count,
            "\(count) weights, \(first.values.count) moments, \(gradient.values.count) derivatives")
        let vectors = count / Matrix.lane
        let pieces = min(max(vectors, 1), threads == 1 ? 1 : 4 * threads)
        weights.values.withUnsafeMutableBufferPointer { w in
            first.values.withUnsafeMutableBufferPointer { m in
                second.values.withUnsafeMutableBufferPointer { v in
                    gradient.values.withUnsafeBufferPointer { g in
                        guard let w = w.baseAddress, let m = m.baseAddress, let v = v.baseAddress,
                            let g = g.baseAddress
                        else { return }
                        concurrently(pieces) { piece in
                            var constants = constants
                            let start = Self.start(of: piece, of: pieces, in: vectors) * Matrix.lane
                            let end = Self.start(of: piece + 1, of: pieces, in: vectors) * Matrix.lane
                            table.pointee.adam(
                                &constants, end - start, w + start, m + start, v + start, g + start)
                        }
                    }
                }
            }
        }
    }

    /// `target += factor * source`, of one shape.
    func add(_ source: [Float], times factor: Float, to target: inout [Float]) {
        precondition(source.count == target.count, "\(target.count) values + \(source.count) values")
        source.withUnsafeBufferPointer { x in
            target.withUnsafeMutableBufferPointer { y in
                table.pointee.add(x.count, y.baseAddress, x.baseAddress, factor)
            }
        }
    }

    /// Sum of the squares, in double precision.
    func sumOfSquares(_ values: [Float]) -> Double {
        values.withUnsafeBufferPointer { table.pointee.sum_squares($0.count, $0.baseAddress) }
    }
}

/// An array whose elements are to be written before they are read: large ones are not worth clearing first.
func uninitialized<Element: BitwiseCopyable>(_ count: Int) -> [Element] {
    Array(unsafeUninitializedCapacity: count) { $1 = count }
}

/// Spikes in the kernels' terms.
func withEvents<Result>(_ spikes: GriddedSpikes, _ body: (tk_events) -> Result) -> Result {
    spikes.offsets.withUnsafeBufferPointer { offsets in
        spikes.units.withUnsafeBufferPointer { units in
            withOptional(spikes.values) { values in
                body(tk_events(offsets: offsets.baseAddress, units: units.baseAddress, values: values))
            }
        }
    }
}

/// The address of an array that may be missing.
func withOptional<Element, Result>(
    _ array: [Element]?, _ body: (UnsafePointer<Element>?) -> Result
) -> Result {
    guard let array else { return body(nil) }
    return array.withUnsafeBufferPointer { body($0.baseAddress) }
}
