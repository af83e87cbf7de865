import SpikeData
import SpikingNetworks
import Substrate
import Synchronization

/// The minibatches of an epoch; each can be gathered while the one before it runs.
final class MinibatchQueue: Sendable {
    private let data: EncodedDataSet
    private let batches: Minibatches
    private let alignment: Alignment
    private let sliceLength: Int
    private let mask: @Sendable (Int) -> DropoutMask?
    private let next = Mutex<(index: Int, minibatch: Minibatch)?>(nil)
    private let gathering = Mutex<StepClock.Span?>(nil)

    /// The minibatches of some data.
    ///
    /// - Parameters:
    ///   - sliceLength: entries that the host works on at a time.
    ///   - mask: the units that are silent in a minibatch of the epoch, by its index.
    init(
        _ batches: Minibatches, of data: EncodedDataSet, alignment: Alignment, sliceLength: Int,
        mask: @escaping @Sendable (Int) -> DropoutMask?
    ) {
        self.batches = batches
        self.data = data
        self.alignment = alignment
        self.sliceLength = sliceLength
        self.mask = mask
    }

    /// Minibatches of the epoch.
    var count: Int { batches.count }

    /// Gathers a minibatch, if the epoch has it, and keeps it until it is taken.
    ///
    /// - Returns: its input events.
    func prepare(_ index: Int) -> SpikeTrains? {
        guard batches.indices.contains(index) else { return nil }
        let start = ContinuousClock.now
        let minibatch = gather(index)
        next.withLock { $0 = (index, minibatch) }
        gathering.withLock { $0 = StepClock.Span(part: .encode, from: start, to: .now) }
        return minibatch.trains
    }

    /// When a minibatch was last gathered ahead; nil if none was.
    var lastGathering: StepClock.Span? { gathering.withLock { $0 } }

    /// A minibatch of the epoch.
    func take(_ index: Int) -> Minibatch {
        let prepared = next.withLock { next in
            defer { next = nil }
            return next
        }
        if let prepared, prepared.index == index { return prepared.minibatch }
        return gather(index)
    }

    private func gather(_ index: Int) -> Minibatch {
        let (trains, labels) = data.minibatch(batches[index])
        return Minibatch(
            trains, labels: labels, mask: mask(index), sliceLength: sliceLength, alignment: alignment)
    }
}
