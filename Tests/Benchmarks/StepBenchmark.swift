/// The training step without a device.
struct StepBenchmark {
    /// The work.
    var workload: Workload

    /// Times it.
    func measure(_ name: String, _ context: BenchmarkContext) async throws -> Measurement {
        var step = try SoftwareStep(workload, threads: context.threads, level: context.level)
        var (count, spikes) = (0, 0)
        let runs = try await Timing.runs(context, batchSize: workload.batchSize) { index in
            spikes += step.run(index, learning: false).hiddenSpikes
            count += workload.batchSize
        }
        let events = step.batches.reduce(0) { $0 + $1.input.count }
        return Measurement(
            name: name, work: workload.name, threads: context.threads, level: context.level,
            eventsPerPattern: Double(events) / Double(step.batches.count * workload.batchSize),
            spikesPerPattern: Double(spikes) / Double(count), runs: runs)
    }
}
