import SpikeData
import SpikingNetworks
import Substrate

/// A minibatch that is ready to run: all that a step needs beside the weights.
struct Minibatch: Sendable {
    /// Input events.
    let trains: SpikeTrains
    /// Class of each entry.
    let labels: [Int]
    /// Which hidden units are silent; nil without dropout.
    let mask: DropoutMask?
    /// Entries that the host works on at a time; the last slice may have fewer.
    let sliceLength: Int
    /// Inputs of the host, by slice.
    let inputs: [TimedSpikes]

    /// A minibatch in slices of `sliceLength` entries. Traps if that is below one.
    init(
        _ trains: SpikeTrains, labels: [Int], mask: DropoutMask?, sliceLength: Int, alignment: Alignment
    ) {
        self.trains = trains
        self.labels = labels
        self.mask = mask
        self.sliceLength = sliceLength
        inputs = Self.slices(of: labels.count, sliceLength).map { entries in
            alignment.timed(entries.count == labels.count ? trains : trains.entries(entries))
        }
    }

    /// The entries of each slice.
    var slices: [Range<Int>] { Self.slices(of: labels.count, sliceLength) }

    private static func slices(of count: Int, _ length: Int) -> [Range<Int>] {
        stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
    }
}
