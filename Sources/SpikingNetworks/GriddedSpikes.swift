public import Tensors

/// Spikes of a batch on a time grid, sorted by entry and step; at most one per bin and unit.
public struct GriddedSpikes: Sendable, Equatable {
    /// Batch entries.
    public let entries: Int
    /// Time steps.
    public let steps: Int
    /// Units that can spike.
    public let channels: Int
    /// Where the spikes of `[entry, step]` start in `units`; shape `[entries * steps + 1]`.
    public let offsets: [UInt32]
    /// The unit of each spike; within a step ascending, or in the order of their times where a clock told those.
    public let units: [UInt16]
    /// Height of each spike; nil means that all are 1.
    public let values: [Float]?

    /// From its parts. Traps if they contradict each other.
    public init(
        entries: Int, steps: Int, channels: Int, offsets: [UInt32], units: [UInt16], values: [Float]? = nil
    ) {
        precondition(
            offsets.count == entries * steps + 1,
            "\(offsets.count) offsets for \(entries) entries of \(steps) steps")
        precondition(
            offsets.first == 0 && Int(offsets.last ?? 0) == units.count,
            "offsets from \(offsets.first ?? 0) to \(offsets.last ?? 0) for \(units.count) spikes")
        precondition(values.map { $0.count == units.count } ?? true, "a value for each spike")
        var lastBins = [Int](repeating: -1, count: channels)
        for bin in 0..<entries * steps {
            precondition(offsets[bin] <= offsets[bin + 1], "offsets fall at bin \(bin)")
            for unit in units[Int(offsets[bin])..<Int(offsets[bin + 1])].map(Int.init) {
                precondition(unit < channels, "unit \(unit) of \(channels) channels")
                precondition(lastBins[unit] != bin, "unit \(unit) twice in bin \(bin)")
                lastBins[unit] = bin
            }
        }
        self.init(
            trusted: offsets, units: units, values: values, entries: entries, steps: steps, channels: channels)
    }

    /// From a list of spikes per entry, in any order; two in a bin become one. Traps on a step or unit out of range.
    public init(steps: Int, channels: Int, entries: [[(step: Int, unit: Int)]]) {
        let words = (channels + 63) / 64
        var bins = [UInt64](repeating: 0, count: steps * words)
        var offsets: [UInt32] = [0]
        offsets.reserveCapacity(entries.count * steps + 1)
        var units: [UInt16] = []
        units.reserveCapacity(entries.reduce(0) { $0 + $1.count })
        for spikes in entries {
            for (step, unit) in spikes {
                precondition(step >= 0 && step < steps, "a spike at step \(step) of \(steps)")
                precondition(unit >= 0 && unit < channels, "a spike of unit \(unit) of \(channels)")
                bins[step * words + unit / 64] |= 1 << UInt64(unit % 64)
            }
            for step in 0..<steps {
                for word in 0..<words {
                    var rest = bins[step * words + word]
                    bins[step * words + word] = 0
                    while rest != 0 {
                        units.append(UInt16(truncatingIfNeeded: word * 64 + rest.trailingZeroBitCount))
                        rest &= rest - 1
                    }
                }
                offsets.append(UInt32(units.count))
            }
        }
        self.init(
            trusted: offsets, units: units, values: nil, entries: entries.count, steps: steps, channels: channels)
    }

    /// Without a spike.
    public init(silentEntries entries: Int, steps: Int, channels: Int) {
        self.init(
            trusted: Array(repeating: 0, count: entries * steps + 1), units: [], values: nil,
            entries: entries, steps: steps, channels: channels)
    }

    /// From parts that hold by construction.
    init(
        trusted offsets: [UInt32], units: [UInt16], values: [Float]?, entries: Int, steps: Int, channels: Int
    ) {
        self.entries = entries
        self.steps = steps
        self.channels = channels
        self.offsets = offsets
        self.units = units
        self.values = values
    }

    /// Number of spikes.
    public var count: Int { units.count }

    /// Indices into `units` of the spikes of an entry at a step.
    public func spikes(entry: Int, step: Int) -> Range<Int> {
        let bin = entry * steps + step
        return Int(offsets[bin])..<Int(offsets[bin + 1])
    }

    /// Units that spike in an entry at a step.
    public subscript(entry: Int, step: Int) -> ArraySlice<UInt16> {
        units[spikes(entry: entry, step: step)]
    }

    /// Sum over time of each unit's spikes, shape `[entry, unit]`.
    public var totals: Matrix {
        var totals = Matrix(rows: entries, columns: channels)
        for entry in 0..<entries {
            let row = entry * totals.stride
            let range = Int(offsets[entry * steps])..<Int(offsets[(entry + 1) * steps])
            for index in range {
                totals.values[row + Int(units[index])] += values?[index] ?? 1
            }
        }
        return totals
    }
}
