import InTheLoop
import SpikeData
import SpikingNetworks
import Substrate
import Tensors

/// A network and input patterns to time things with: a function of its numbers alone, no data set needed.
struct Workload {
    /// Input channels.
    var inputs = 256
    /// Neurons of the hidden layer.
    var hidden = 246
    /// Whether the hidden layer drives itself.
    var isRecurrent = false
    /// Neurons of the readout.
    var outputs = 10
    /// Points of the time grid, and CADC samples of a pattern.
    var steps = 20
    /// Length of a step in microseconds of chip time.
    var stepMicroseconds = 1.7
    /// Mean input events of a pattern. Latency-coded MNIST at 16 x 16 has 56.
    var events = 56.0
    /// Whether events come as in latency-coded images, each input at most once and most of them early; else evenly.
    var isLatencyCoded = true
    /// Patterns of a batch.
    var batchSize = 100
    /// Batches that are taken in turn.
    var batches = 8

    /// 256-246-10, the network and the activity of latency-coded MNIST in `steps` steps of the same 34 µs.
    static func reference(steps: Int = 20) -> Workload {
        Workload(steps: steps, stepMicroseconds: 34 / Double(steps))
    }

    /// A recurrent network for speech, in steps of 1 µs, each with an event for 70 input channels.
    static func speech(inputs: Int, hidden: Int, steps: Int) -> Workload {
        Workload(
            inputs: inputs, hidden: hidden, isRecurrent: true, outputs: 20, steps: steps, stepMicroseconds: 1,
            events: Double(inputs * steps) / 70, isLatencyCoded: false, batches: 4)
    }

    /// Short name: "256-246-10, T 20, batch 100".
    var name: String { "\(inputs)-\(hidden)\(isRecurrent ? "r" : "")-\(outputs), T \(steps), batch \(batchSize)" }

    /// The experiment, with initial weights for moderate activity; what it comes to is a part of each result.
    func experiment() throws -> Experiment {
        // What arrives within the time constants excites, the spread of a sum grows with its root.
        let density = isLatencyCoded ? events / 56 : events * 12 / (Double(steps) * stepMicroseconds) / 56
        let fanIn = Double(inputs + (isRecurrent ? hidden : 0))
        return try Experiment(
            yaml: Presets.yaml("mnist16") ?? "", source: "mnist16",
            overrides: [
                ("network.hidden.0.size", "\(hidden)"), ("network.hidden.0.recurrent", "\(isRecurrent)"),
                ("network.hidden_mean", "\(isRecurrent ? 0 : 0.007 / density)"),
                ("network.hidden_spread", "\((fanIn / 256 / density).squareRoot() * (isRecurrent ? 0.35 : 0.5))"),
                ("network.readout_spread", "0.5"), ("grid.steps", "\(steps)"),
                ("grid.step_us", "\(stepMicroseconds)"), ("training.batch_size", "\(batchSize)"),
            ])
    }

    /// Input events of a batch.
    func inputs(batch: Int) -> SpikeTrains {
        var stream = RandomStream(seed: 1, purpose: .trial, UInt64(batch))
        var trains = SpikeTrains()
        let window = Double(steps) * stepMicroseconds
        let encoder = LatencyEncoder(channelCount: inputs, window: window)
        let share = Float(events / Double(inputs))
        for _ in 0..<batchSize {
            if isLatencyCoded {
                // A share of the features lies above the encoder's threshold, evenly.
                trains.append(
                    encoder.encode(
                        (0..<inputs).map { _ in
                            let level = Float(stream.nextUniform()) / share
                            return level < 1 ? 0.21 + 0.79 * level : 0
                        }))
            } else {
                let end = UInt64(ChipClock.ticks(microseconds: window))
                trains.append(
                    (0..<Int(events)).map { _ in
                        SpikeEvent(
                            tick: UInt16(stream.next(upperBound: end)),
                            unit: UInt16(stream.next(upperBound: UInt64(inputs))))
                    })
            }
        }
        return trains
    }

    /// Classes of a batch, at random.
    func labels(batch: Int) -> [Int] {
        var stream = RandomStream(seed: 2, purpose: .trial, UInt64(batch))
        return (0..<batchSize).map { _ in Int(stream.next(upperBound: UInt64(outputs))) }
    }
}
