import CTrainingKernels
import Crews
import Synchronization
import Tensors

/// The one door to the C kernels: all unsafe pointers of this module are in this file and its extensions.
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

    /// Does the tasks `0..<count` of each stage, a stage after the other, those of a stage in any order on all threads.
    ///
    /// - Parameters:
    ///   - crew: threads that have set out before; nil: they do so now.
    ///   - task: gets the stage, the thread and the task.
    func concurrently(
        _ counts: [Int], by crew: Crew? = nil, _ task: (_ stage: Int, _ thread: Int, _ index: Int) -> Void
    ) {
        // Tickets of all stages are numbered through; a stage begins when all tickets before it are done.
        let next = Atomic<Int>(0)
        let done = Atomic<Int>(0)
        let total = counts.reduce(0, +)
        let crew = crew ?? Crew(threads: min(threads, counts.max() ?? 0))
        withoutActuallyEscaping(task) { task in
            let shared = SharedTask(run: task)
            crew.work { thread in
                while true {
                    let ticket = next.add(1, ordering: .relaxed).oldValue
                    guard ticket < total else { return }
                    var (stage, before) = (0, 0)
                    while ticket >= before + counts[stage] {
                        before += counts[stage]
                        stage += 1
                    }
                    // Those who hold the missing tickets are at work on them.
                    Crew.wait { done.load(ordering: .acquiring) >= before }
                    shared.run(stage, thread, ticket - before)
                    done.add(1, ordering: .releasing)
                }
            }
        }
    }

    /// A task whose calls touch disjoint memory.
    private struct SharedTask: @unchecked Sendable {
        let run: (_ stage: Int, _ thread: Int, _ index: Int) -> Void
    }

    /// Start of a piece when `count` things are cut into `pieces`.
    static func start(of piece: Int, of pieces: Int, in count: Int) -> Int { count * piece / pieces }

    /// Pieces of a batch where the cut is not seen in the result.
    func pieces(of entries: Int) -> Int { min(max(entries, 1), threads == 1 ? 1 : 4 * threads) }

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
            driven_by_new_current: propagators.drivenByNewCurrent ? 1 : 0,
            reset_kind: Int32(kind))
    }

    /// Spikes of bits `[entry, step, channel]`, 16 to a word.
    func spikes(_ bits: [UInt16], entries: Int, steps: Int, channels: Int) -> GriddedSpikes {
        let words = Matrix.padded(channels) / Matrix.lane
        let rows = entries * steps
        var units: [UInt16] = uninitialized(table.pointee.count(rows, words, channels, bits) + 1)
        var offsets: [UInt32] = uninitialized(rows + 1)
        offsets.withUnsafeMutableBufferPointer { offsets in
            units.withUnsafeMutableBufferPointer { units in
                table.pointee.gather(rows, words, channels, bits, offsets.baseAddress, units.baseAddress)
            }
        }
        units.removeLast(units.count - Int(offsets[rows]))
        return GriddedSpikes(
            trusted: offsets, units: units, values: nil, entries: entries, steps: steps, channels: channels)
    }

    /// Spikes put into bins.
    func grid(_ times: TimedSpikes) -> GriddedSpikes {
        var units: [UInt16] = uninitialized(times.events.count + 1)
        var offsets: [UInt32] = uninitialized(times.entries * times.steps + 1)
        offsets.withUnsafeMutableBufferPointer { offsets in
            units.withUnsafeMutableBufferPointer { units in
                withUnsafeTemporaryAllocation(of: UInt32.self, capacity: max(1, times.units.count)) { lastBins in
                    withTrains(times) {
                        var trains = $0
                        tk_bin(
                            &trains, 0, times.entries, times.steps, lastBins.baseAddress, offsets.baseAddress,
                            units.baseAddress)
                    }
                }
            }
        }
        units.removeLast(units.count - Int(offsets[offsets.count - 1]))
        return GriddedSpikes(
            trusted: offsets, units: units, values: nil, entries: times.entries, steps: times.steps,
            channels: times.units.count)
    }

    /// Membranes in model units, but for the lift at spikes.
    func membranes(_ cadc: CADCMembranes) -> TimeSeries {
        let stride = Matrix.padded(cadc.columns.count)
        let (entries, steps) = (cadc.entries, cadc.steps)
        var values: [Float] = uninitialized(entries * steps * stride)
        let pieces = pieces(of: entries)
        withCodes(cadc) { whole in
            values.withUnsafeMutableBufferPointer { values in
                guard let target = values.baseAddress else { return }
                concurrently([pieces]) { _, _, piece in
                    let start = Self.start(of: piece, of: pieces, in: entries)
                    let end = Self.start(of: piece + 1, of: pieces, in: entries)
                    var part = whole
                    part.codes += start * steps * cadc.width
                    table.pointee.codes(
                        &part, end - start, steps, cadc.columns.count, stride, target + start * steps * stride)
                }
            }
        }
        return TimeSeries(entries: entries, steps: steps, neurons: cadc.columns.count, padded: values)
    }

    /// A loss of the readout, its gradient and predictions.
    func evaluate(_ loss: tk_loss, readout: TimeSeries, labels: [Int]) -> LossValue {
        let labels = checked(labels, entries: readout.entries, classes: readout.neurons)
        var gradient: [Float] = uninitialized(readout.values.count)
        var predictions: [Int32] = uninitialized(readout.entries)
        var score = tk_score()
        var loss = loss
        loss.weight = 1 / Double(max(readout.entries, 1))
        readout.values.withUnsafeBufferPointer { values in
            gradient.withUnsafeMutableBufferPointer { gradient in
                predictions.withUnsafeMutableBufferPointer { predictions in
                    labels.withUnsafeBufferPointer { labels in
                        withUnsafeTemporaryAllocation(of: Double.self, capacity: 4 * readout.stride) {
                            table.pointee.loss(
                                &loss, readout.entries, readout.steps, readout.neurons, readout.stride,
                                values.baseAddress, labels.baseAddress, gradient.baseAddress, nil,
                                predictions.baseAddress, $0.baseAddress, &score)
                        }
                    }
                }
            }
        }
        return LossValue(
            value: score.loss, correct: score.correct,
            gradient: TimeSeries(
                entries: readout.entries, steps: readout.steps, neurons: readout.neurons, padded: gradient),
            predictions: predictions.map(Int.init))
    }

    /// Labels in the kernels' terms. Traps on a label out of range or a wrong number of them.
    func checked(_ labels: [Int], entries: Int, classes: Int) -> [Int32] {
        precondition(labels.count == entries, "\(labels.count) labels for \(entries) entries")
        return labels.enumerated().map { entry, label in
            precondition(
                label >= 0 && label < classes, "label \(label) of entry \(entry), \(classes) classes")
            return Int32(label)
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

    /// Largest magnitude.
    func largest(_ values: [Float]) -> Float {
        values.withUnsafeBufferPointer { table.pointee.largest($0.count, $0.baseAddress) }
    }

    /// Codes of a matrix without its padding, appended; how many were clipped.
    func quantize(_ matrix: Matrix, scale: Float, limit: Float, to codes: inout [Int8]) -> Int {
        let start = codes.count
        codes.append(contentsOf: repeatElement(0, count: matrix.rows * matrix.columns))
        return codes.withUnsafeMutableBufferPointer { codes in
            guard let target = codes.baseAddress else { return 0 }
            return matrix.values.withUnsafeBufferPointer {
                table.pointee.quantize(
                    matrix.rows, matrix.columns, matrix.stride, $0.baseAddress, scale, limit, target + start)
            }
        }
    }
}

/// An array whose elements are to be written before they are read: large ones are not worth clearing first.
func uninitialized<Element: BitwiseCopyable>(_ count: Int) -> [Element] {
    Array(unsafeUninitializedCapacity: count) { $1 = count }
}
