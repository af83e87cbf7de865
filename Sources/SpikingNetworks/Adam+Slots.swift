import CTrainingKernels
import Tensors

/// A matrix of weights and its moments while they are updated.
struct AdamSlot {
    /// The update.
    var constants: tk_adam
    /// The layer whose weights they are.
    var layer: Int
    /// Whether they are its recurrent ones.
    var isRecurrent: Bool
    /// Rows of the matrix.
    var rows: Int
    /// Padded columns of the matrix.
    var stride: Int
    /// Whether it stays as it is.
    var isFrozen: Bool
    /// Weights, mean gradient, mean squared gradient, as `Matrix` has them.
    var weights: UnsafeMutablePointer<Float>
    /// Mean gradient.
    var first: UnsafeMutablePointer<Float>
    /// Mean squared gradient.
    var second: UnsafeMutablePointer<Float>

    /// Floats of a piece of work, about.
    static let pieceSize = 8192

    /// Rows of a slot that are one piece of work.
    struct Piece {
        /// The slot.
        var slot: Int
        /// Its rows.
        var rows: Range<Int>
    }

    /// The work on slots that are not frozen, cut by shape alone.
    static func pieces(of slots: [AdamSlot]) -> [Piece] {
        slots.enumerated().flatMap { index, slot -> [Piece] in
            guard !slot.isFrozen else { return [] }
            let rows = max(1, pieceSize / slot.stride)
            return Swift.stride(from: 0, to: slot.rows, by: rows).map {
                Piece(slot: index, rows: $0..<min($0 + rows, slot.rows))
            }
        }
    }
}

extension Adam {
    /// Counts an update and lends the body all weights of a network with their moments, each layer's weights before its
    /// recurrent ones. Traps if limits or moments are not of the network's shape.
    mutating func withSlots(
        of network: inout Network, limits: [Float?], _ body: ([AdamSlot]) -> Void
    ) {
        precondition(
            limits.isEmpty || limits.count == network.layers.count,
            "\(limits.count) limits for \(network.layers.count) layers")
        state.step += 1
        let matrices = network.layers.enumerated().flatMap { index, layer in
            [layer.weights, layer.recurrent].enumerated().compactMap { kind, matrix in
                matrix.map { (rows: $0.rows, stride: $0.stride, layer: index, isRecurrent: kind == 1) }
            }
        }
        precondition(
            state.firstMoments.map { [$0.rows, $0.stride] } == matrices.map { [$0.rows, $0.stride] }
                && state.secondMoments.map { [$0.rows, $0.stride] } == matrices.map { [$0.rows, $0.stride] },
            "moments of another network")
        // Moved out and back in again: where nobody else holds them, nothing is copied.
        var arrays = [[Float]](repeating: [], count: 3 * matrices.count)
        let frozen = network.frozenLayers
        exchange(&arrays, &network)
        TrainingKernels().withMutable(&arrays) { addresses in
            body(
                matrices.enumerated().map { slot, matrix in
                    AdamSlot(
                        constants: constants(limit: limits.isEmpty ? nil : limits[matrix.layer]),
                        layer: matrix.layer, isRecurrent: matrix.isRecurrent, rows: matrix.rows,
                        stride: matrix.stride, isFrozen: frozen.contains(matrix.layer),
                        weights: addresses[3 * slot], first: addresses[3 * slot + 1],
                        second: addresses[3 * slot + 2])
                })
        }
        exchange(&arrays, &network)
    }

    private mutating func exchange(_ arrays: inout [[Float]], _ network: inout Network) {
        var slot = 0
        for index in network.layers.indices {
            swap(&arrays[3 * slot], &network.layers[index].weights.values)
            slot += 1
            guard var recurrent = network.layers[index].recurrent else { continue }
            network.layers[index].recurrent = nil
            swap(&arrays[3 * slot], &recurrent.values)
            network.layers[index].recurrent = recurrent
            slot += 1
        }
        for slot in state.firstMoments.indices {
            swap(&arrays[3 * slot + 1], &state.firstMoments[slot].values)
            swap(&arrays[3 * slot + 2], &state.secondMoments[slot].values)
        }
    }
}

extension TrainingKernels {
    /// Updates rows of a slot; the sum of their squared weights before it.
    func update(_ slot: AdamSlot, rows: Range<Int>, gradient: tk_gradient) -> Double {
        var (constants, gradient) = (slot.constants, gradient)
        return table.pointee.adam(
            &constants, &gradient, rows.lowerBound, rows.upperBound, slot.weights, slot.first, slot.second)
    }
}
