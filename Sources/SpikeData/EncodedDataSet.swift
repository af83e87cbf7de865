import Dispatch
public import Substrate
import Synchronization

/// A data set as input events, ready to be cut into minibatches.
public struct EncodedDataSet: Sendable {
    /// The events of every sample; entries are samples.
    public let trains: SpikeTrains
    /// The class of each sample; shape `[sample]`.
    public let labels: [UInt8]
    /// Number of classes.
    public let classCount: Int

    /// Encodes a data set, on all cores.
    ///
    /// - Parameters:
    ///   - data: the samples.
    ///   - encoder: features to events; traps if it does not take the features that the samples have.
    ///   - augmentation: what is done to the features of each sample before, if anything.
    public init(_ data: DataSet, encoder: some SpikeEncoder, augmentation: RandomRotation? = nil) {
        let chunk = 1_000
        let chunks = (data.count + chunk - 1) / chunk
        let parts = Mutex([SpikeTrains](repeating: SpikeTrains(), count: chunks))
        DispatchQueue.concurrentPerform(iterations: chunks) { index in
            var part = SpikeTrains()
            for sample in index * chunk..<min((index + 1) * chunk, data.count) {
                var features = data.features(of: sample)
                if let augmentation {
                    features = augmentation.rotated(features, sample: sample)
                }
                part.append(encoder.encode(features))
            }
            parts.withLock { $0[index] = part }
        }
        var trains = SpikeTrains()
        for part in parts.withLock({ $0 }) { trains.append(contentsOf: part) }
        self.trains = trains
        labels = data.labels
        classCount = data.classCount
    }

    /// Number of samples.
    public var count: Int { labels.count }

    /// Events per sample, on average.
    public var meanEventCount: Double {
        count == 0 ? 0 : Double(trains.eventCount) / Double(count)
    }

    /// The events and classes of some samples, in the order given.
    public func minibatch(_ samples: [Int]) -> (trains: SpikeTrains, labels: [Int]) {
        var ends: [UInt32] = []
        var events: [SpikeEvent] = []
        ends.reserveCapacity(samples.count)
        for sample in samples {
            events.append(contentsOf: trains[entry: sample])
            ends.append(UInt32(events.count))
        }
        return (SpikeTrains(ends: ends, events: events), samples.map { Int(labels[$0]) })
    }
}
