internal import Substrate
internal import Tensors

/// Mean readings of neurons that fire by themselves, by the time since their last spike.
struct PhaseMeans {
    /// `ln(D - V) = start + slope t`, with `t` in ticks since the end of the refractory time.
    struct Line {
        /// Value at the end of the refractory time.
        var start: Double
        /// Slope, per tick.
        var slope: Double
    }

    private struct Bin {
        var count: UInt32 = 0
        var codes: UInt32 = 0
        var ticks: UInt64 = 0
    }

    private static let binsPerCircuit = 64

    private let circuits: Int
    private let refractory: Int
    private let guardTicks: Int
    private let binTicks: Int
    /// Shape `[circuit, bin]`.
    private var bins: [Bin]
    private var held: [Bin]

    /// No readings yet.
    ///
    /// - Parameters:
    ///   - refractory: refractory time, in ticks.
    ///   - guardTicks: time around its ends in which samples are left out, in ticks.
    ///   - binTicks: width of a bin, in ticks.
    init(circuits: Int, refractory: Int, guardTicks: Int, binTicks: Int) {
        self.circuits = circuits
        self.refractory = refractory
        self.guardTicks = guardTicks
        self.binTicks = binTicks
        bins = [Bin](repeating: Bin(), count: circuits * Self.binsPerCircuit)
        held = [Bin](repeating: Bin(), count: circuits)
    }

    /// Adds the samples of a recording that come after spike number `skipped` of an entry.
    mutating func add(_ recording: Recording, samplePeriod: Int, skipped: Int) {
        guard let membranes = recording.membranes else { return }
        for entry in recording.usableEntries {
            var last = [Int](repeating: Int.min / 2, count: circuits)
            var spikes = [Int](repeating: 0, count: circuits)
            var events = recording.spikes[entry: entry]
            for sample in 0..<membranes.sampleCount {
                let time = sample * samplePeriod
                while let event = events.first, Int(event.tick) <= time {
                    events.removeFirst()
                    spikes[Int(event.unit)] += 1
                    if spikes[Int(event.unit)] > skipped { last[Int(event.unit)] = Int(event.tick) }
                }
                for (circuit, code) in membranes.codes(entry: entry, sample: sample).enumerated() {
                    add(code, circuit: circuit, since: time - last[circuit])
                }
            }
        }
    }

    private mutating func add(_ code: UInt8, circuit: Int, since ticks: Int) {
        if ticks < refractory - guardTicks {
            guard ticks > guardTicks else { return }
            held[circuit].count += 1
            held[circuit].codes += UInt32(code)
            return
        }
        let released = ticks - refractory
        guard released > guardTicks, released < binTicks * Self.binsPerCircuit else { return }
        let index = circuit * Self.binsPerCircuit + released / binTicks
        bins[index].count += 1
        bins[index].codes += UInt32(code)
        bins[index].ticks += UInt64(released)
    }

    /// Mean readings during the refractory time, NaN where there are none; shape `[circuit]`.
    var resets: [Double] {
        held.map { $0.count == 0 ? .nan : Double($0.codes) / Double($0.count) }
    }

    /// The line through the readings of a circuit; nil where they do not go to `leak`.
    ///
    /// A reading's error moves `ln(D - V)` by `1 / (D - V)`, hence the weights `(D - V)^2`.
    ///
    /// - Parameters:
    ///   - leak: the potential D that the membrane goes to, in CADC LSB.
    ///   - limit: the last time taken, in ticks since the end of the refractory time; a neuron that is late is below
    ///     the mean there.
    func relaxation(of circuit: Int, towards leak: Double, until limit: Double) -> Line? {
        var (weight, x, y, xx, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var used = 0
        for bin in bins[circuit * Self.binsPerCircuit..<(circuit + 1) * Self.binsPerCircuit]
        where bin.count > 0 {
            let time = Double(bin.ticks) / Double(bin.count)
            let distance = leak - Double(bin.codes) / Double(bin.count)
            guard time < limit, distance > 2 else { continue }
            let w = Double(bin.count) * distance * distance
            let value = PortableMath.log(distance)
            used += 1
            weight += w
            x += w * time
            y += w * value
            xx += w * time * time
            xy += w * time * value
        }
        let spread = weight * xx - x * x
        guard used >= 3, spread > 0 else { return nil }
        let slope = (weight * xy - x * y) / spread
        guard slope < 0, slope.isFinite else { return nil }
        return Line(start: (y - slope * x) / weight, slope: slope)
    }
}
