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
        let batches = Minibatches(inOrder: data.count, size: size)
        guard let device else {
            for samples in batches {
                let (trains, labels) = data.minibatch(samples)
                let trace = network.replay(alignment.grid(trains), threads: threads)
                report.hiddenSpikes += trace.layers.dropLast().reduce(0) { $0 + $1.spikes.count }
                add(trace.readout, labels: labels, to: &report)
                progress(report.patterns)
            }
            return finished(report, since: start)
        }
        let first = nextBatch
        nextBatch += UInt64(batches.count)
        let run: @Sendable (Int) async throws -> Recording = { [placement] index in
            try await device.run(
                DeviceBatch(
                    id: first + UInt64(index), configuration: placement.inference,
                    synapses: mapped.synapses, inputs: data.minibatch(batches[index]).trains,
                    observables: Observables(
                        spikes: true, membranes: placement.neurons.last ?? 0..<0)))
        }
        // The next batches are with the device before the present one is back, so that the chip need not wait for the link.
        try await withThrowingTaskGroup(of: (index: Int, recording: Recording).self) { group in
            var ready: [Int: Recording] = [:]
            for index in 0..<min(DeviceBatch.pipelineDepth, batches.count) {
                group.addTask { (index, try await run(index)) }
            }
            for index in batches.indices {
                while ready[index] == nil, let found = try await group.next() {
                    ready[found.index] = found.recording
                }
                guard let recording = ready.removeValue(forKey: index) else { break }
                let next = index + DeviceBatch.pipelineDepth
                if next < batches.count { group.addTask { (next, try await run(next)) } }
                report.accounting += recording.accounting
                report.execution += recording.execution
                report.hiddenSpikes += Int(recording.accounting.produced)
                guard let measured = alignment.readout(recording, scales: mapped.scales) else {
                    throw DeviceError(
                        .protocolViolation,
                        "batch \(recording.batch): the readout's membranes are missing")
                }
                add(measured, labels: data.minibatch(batches[index]).labels, to: &report)
                progress(report.patterns)
            }
        }
        return finished(report, since: start)
    }

    private func add(_ readout: TimeSeries, labels: [Int], to report: inout Report) {
        let value = loss.evaluate(readout: readout, labels: labels)
        report.correct += value.correct
        report.loss += value.value * Double(labels.count)
        report.patterns += labels.count
    }

    private func finished(_ report: Report, since start: ContinuousClock.Instant) -> Report {
        var report = report
        report.loss /= Double(max(report.patterns, 1))
        report.seconds = start.duration(to: .now).seconds
        return report
    }
}
