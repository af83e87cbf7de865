internal import SpikeData
internal import SpikingNetworks
public import Substrate
internal import Tensors

/// Runs a network over a data set without learning, on a device or in software.
public struct Evaluation: Sendable {
    /// What an evaluation found.
    public struct Report: Sendable, Equatable, Codable {
        /// Patterns.
        public var patterns = 0
        /// Patterns classified correctly.
        public var correct = 0
        /// Mean loss without penalties.
        public var loss = 0.0
        /// Hidden spikes over all patterns.
        public var hiddenSpikes = 0
        /// Where all events went.
        public var accounting = EventAccounting()
        /// What the device spent.
        public var execution = ExecutionReport()
        /// Wall seconds.
        public var seconds = 0.0

        /// Share of patterns classified correctly.
        public var accuracy: Double { patterns > 0 ? Double(correct) / Double(patterns) : 0 }
        /// Hidden spikes per pattern.
        public var spikesPerPattern: Double {
            patterns > 0 ? Double(hiddenSpikes) / Double(patterns) : 0
        }
    }

    let placement: Placement
    let alignment: Alignment
    let mapping: WeightMapping
    let device: (any SpikingDevice)?
    /// Most patterns that the device takes in a batch.
    let entriesPerBatch: Int
    let loss: any Loss
    let threads: Int

    /// Patterns of a device batch; small enough that progress is seen and results stay small.
    private static let patternsPerBatch = 250

    /// Evaluates a network.
    ///
    /// - Parameters:
    ///   - nextBatch: number of the next device batch; moved on.
    ///   - progress: told how many patterns are done.
    /// - Throws: what the device answers instead of a recording.
    func run(
        _ network: Network, on data: EncodedDataSet, nextBatch: inout UInt64, progress: (Int) -> Void
    ) async throws -> Report {
        let start = ContinuousClock.now
        let mapped = mapping.quantize(network)
        var report = Report()
        let size = min(Self.patternsPerBatch, entriesPerBatch)
        for samples in Minibatches(inOrder: data.count, size: size) {
            let (trains, labels) = data.minibatch(samples)
            let readout: TimeSeries
            if let device {
                let recording = try await device.run(
                    DeviceBatch(
                        id: nextBatch, configuration: placement.inference, synapses: mapped.synapses,
                        inputs: trains,
                        observables: Observables(
                            spikes: true, membranes: placement.neurons.last ?? 0..<0)))
                report.accounting += recording.accounting
                report.execution += recording.execution
                report.hiddenSpikes += Int(recording.accounting.produced)
                guard let measured = alignment.readout(recording, scales: mapped.scales) else {
                    throw DeviceError(
                        .protocolViolation, "batch \(nextBatch): the readout's membranes are missing")
                }
                readout = measured
                nextBatch += 1
            } else {
                let trace = network.replay(alignment.grid(trains), threads: threads)
                report.hiddenSpikes += trace.layers.dropLast().reduce(0) { $0 + $1.spikes.count }
                readout = trace.readout
            }
            let value = loss.evaluate(readout: readout, labels: labels)
            report.correct += value.correct
            report.loss += value.value * Double(samples.count)
            report.patterns += samples.count
            progress(report.patterns)
        }
        report.loss /= Double(max(report.patterns, 1))
        report.seconds = start.duration(to: .now).seconds
        return report
    }
}
