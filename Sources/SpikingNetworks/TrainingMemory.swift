import CTrainingKernels
import Synchronization

/// Memory of the kernels that is used again from step to step: fresh memory costs more than what is computed in it.
///
/// Blocks begin at a cache line and are not cleared.
final class TrainingMemory {
    /// What a block is for.
    enum Use: Hashable {
        /// Of a layer: its weights as the forward pass reads them.
        case weights(Int)
        /// Of a layer: its recurrent weights as the forward pass reads them.
        case recurrent(Int)
        /// Of a layer: its weights as the backward pass reads them.
        case outgoing(Int)
        /// Of a layer: its recurrent weights as the backward pass reads them.
        case recurrentOutgoing(Int)
        /// Of a layer: the slices' sums of derivatives.
        case gradient(Int)
        /// Sums of squared weights.
        case squares
        /// Of a thread: what one pass leaves to the next.
        case scratch(Int)
    }

    private var blocks: [Use: UnsafeMutableRawBufferPointer] = [:]

    deinit {
        for block in blocks.values { block.deallocate() }
    }

    /// A block of at least this many bytes.
    func bytes(_ count: Int, for use: Use) -> UnsafeMutableRawPointer {
        if let block = blocks[use], block.count >= count, let start = block.baseAddress { return start }
        blocks[use]?.deallocate()
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(count, TK_LINE), alignment: TK_LINE)
        blocks[use] = block
        guard let start = block.baseAddress else { preconditionFailure("no memory of \(count) bytes") }
        return start
    }

    /// A block of at least this many floats.
    func floats(_ count: Int, for use: Use) -> UnsafeMutablePointer<Float> {
        bytes(count * MemoryLayout<Float>.stride, for: use)
            .bindMemory(to: Float.self, capacity: count)
    }

    /// Lends memory for the time of a call; whoever calls at the same time gets other memory.
    static func lend<Result>(_ body: (TrainingMemory) -> Result) -> Result {
        let memory = idle.withLock { $0.memories.popLast() } ?? TrainingMemory()
        defer { idle.withLock { $0.memories.append(memory) } }
        return body(memory)
    }

    /// Memories nobody uses; each is in one pair of hands at a time.
    private struct Idle: @unchecked Sendable {
        var memories: [TrainingMemory] = []
    }

    private static let idle = Mutex(Idle())
}
