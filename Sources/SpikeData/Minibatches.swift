import Tensors

/// The samples of an epoch in lists of a fixed length, the last one shorter if need be.
public struct Minibatches: RandomAccessCollection, Sendable {
    private let order: [Int]
    private let size: Int

    /// The shuffled minibatches of an epoch: a function of (seed, epoch) and the counts, of nothing else.
    ///
    /// Traps if `size` is not positive.
    public init(count: Int, size: Int, seed: UInt64, epoch: Int) {
        var stream = RandomStream(seed: seed, purpose: .shuffle, UInt64(epoch))
        self.init(order: stream.permutation(count), size: size)
    }

    /// The minibatches of the samples in their own order, for evaluation.
    ///
    /// Traps if `size` is not positive.
    public init(inOrder count: Int, size: Int) {
        self.init(order: Array(0..<count), size: size)
    }

    private init(order: [Int], size: Int) {
        precondition(size > 0, "minibatches of \(size) samples")
        self.order = order
        self.size = size
    }

    /// Index of the first minibatch.
    public var startIndex: Int { 0 }

    /// Number of minibatches.
    public var endIndex: Int { (order.count + size - 1) / size }

    /// The samples of a minibatch.
    public subscript(position: Int) -> [Int] {
        Array(order[position * size..<Swift.min((position + 1) * size, order.count)])
    }
}
