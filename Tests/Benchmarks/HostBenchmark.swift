import ChipEmulator
import InTheLoop
import SpikingNetworks
import Substrate

/// What the host does in a training step, on recordings made before: align, replay, loss, backward, optimise.
struct HostBenchmark {
    /// What was recorded, and is taken instead of the model's values.
    var record: ChipWork.Record

    /// Times it.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        let profile = ChipProfile.standard
        let work = try ChipWork(Workload(), on: profile.geometry, record: record, threads: context.threads)
        var chip = EmulatedChip(profile: profile, serial: 1, threads: context.threads)
        let recordings = try work.batches.map { try chip.run($0.batch) }
        var network = work.setup.network
        var rule = work.setup.rule
        // The recordings are of these weights; the work is the same with a rate of zero.
        rule.optimizer.learningRate = 0
        var clock = StepClock()
        var (count, spikes) = (0, 0)
        let runs = try await Timing.runs(context, batchSize: work.workload.batchSize) { index in
            let place = index % work.batches.count
            let (batch, labels) = work.batches[place]
            let example = Example(
                input: .timed(work.alignment.timed(batch.inputs)), labels: labels,
                observation: work.alignment.observe(recordings[place], scales: work.mapped.scales))
            clock.end(.align)
            spikes += rule.update(&network, from: example, clock: &clock).hiddenSpikes
            count += labels.count
        }
        return Measurement(
            name: name, work: "\(work.workload.name), from recorded \(record.rawValue)",
            threads: context.threads, level: context.level, eventsPerPattern: work.eventsPerPattern,
            spikesPerPattern: Double(spikes) / Double(count), runs: runs,
            partNanoseconds: StepClock.Part.allCases.compactMap { part in
                clock.seconds[part].map { Measurement.Part(part.rawValue, seconds: $0, patterns: count) }
            })
    }
}
