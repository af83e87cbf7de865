import Substrate
import WireProtocol

/// A chip that answers at once, with little: enough for a device's endpoint to work.
struct QuickChip {
    /// Little of everything, so that no input takes long.
    static let geometry = ChipGeometry(
        neuronCircuits: 64, signedInputsPerCircuit: 128, inputChannels: 16, weightLimit: 63, cadcMaximum: 255,
        minimumSamplePeriod: 64, traceMemoryBytes: 1_024, maximumEventsPerEntry: 64, maximumEntriesPerBatch: 8)

    /// Batches that it has at a time, as the daemon's chip: one runs, the other waits.
    private static let batchesOut = 2

    /// A batch with the length of its slices, and how far it has come.
    private struct Job {
        let key: JobKey
        let batch: DeviceBatch
        let length: Int
        var done = 0
        /// Whether a batch without entries has had its empty slice.
        var isSliced = false
        var isCancelled = false
    }

    /// The jobs that are out, the one that runs first.
    private var jobs: [Job] = []

    /// An endpoint in front of such a chip.
    static func endpoint(boot: UInt64, now: Duration, limits: WireLimits = WireLimits()) -> DeviceEndpoint {
        let description = DeviceDescription(
            kind: .emulator, serial: 7, profile: "quick", firmware: "1", geometry: geometry, effects: ["none"],
            calibration: "none")
        var configuration = DeviceEndpointConfiguration(
            description: description, boot: boot, secret: Array(repeating: UInt8(truncatingIfNeeded: boot), count: 32))
        configuration.firstFencingToken = UInt32(truncatingIfNeeded: boot) << 16 | 1
        configuration.limits = limits
        configuration.limits.slots = DeviceBatch.pipelineDepth
        configuration.batchesOut = batchesOut
        configuration.flaw = {
            $0.neuronCount * $0.sampleCount > geometry.traceMemoryBytes ? "too many samples" : nil
        }
        return DeviceEndpoint(configuration: configuration, now: now)
    }

    mutating func start(_ key: JobKey, _ batch: DeviceBatch, slicesOf length: Int) {
        demand(jobs.count < Self.batchesOut, "more than \(Self.batchesOut) jobs are out")
        jobs.append(Job(key: key, batch: batch, length: length))
    }

    mutating func cancel(_ key: JobKey) {
        guard let index = jobs.firstIndex(where: { $0.key == key }) else {
            fatalError("a job is cancelled that is not out")
        }
        jobs[index].isCancelled = true
    }

    /// The chip goes on: a slice, or the end of the job, or a failure.
    mutating func work(on endpoint: inout DeviceEndpoint, fails: Bool, now: Duration) -> [DeviceAction] {
        guard let job = jobs.first else { return [] }
        let count = job.batch.inputs.entryCount
        if fails || job.isCancelled {
            jobs.removeFirst()
            return endpoint.complete(job.key, result: .failure(DeviceError(.deviceFault, "told to fail")), now: now)
        }
        let entries = min(job.length, count - job.done)
        if entries > 0 || (count == 0 && !job.isSliced) {
            jobs[0].done += entries
            jobs[0].isSliced = true
            return endpoint.advance(job.key, slice: Self.slice(of: job.batch, from: job.done, entries), now: now)
        }
        jobs.removeFirst()
        return endpoint.complete(job.key, result: .success(Self.totals(of: job.batch)), now: now)
    }

    private static func slice(of batch: DeviceBatch, from first: Int, _ entries: Int) -> RecordingSlice {
        let observables = batch.observables
        var spikes = SpikeTrains(ends: [], events: [])
        for entry in first..<first + entries {
            spikes.append(
                observables.spikes
                    ? [SpikeEvent(tick: UInt16(min(entry, batch.configuration.window - 1)), unit: 0)] : [])
        }
        let codes = entries * batch.configuration.sampleCount * observables.membranes.count
        return RecordingSlice(
            firstEntry: first, spikes: spikes,
            membranes: observables.membranes.isEmpty
                ? nil
                : CADCRecording(
                    neurons: observables.membranes, sampleCount: batch.configuration.sampleCount,
                    codes: Array(repeating: 9, count: codes)),
            validity: Array(repeating: [], count: entries))
    }

    private static func totals(of batch: DeviceBatch) -> RecordingTotals {
        var accounting = EventAccounting()
        accounting.offered = UInt64(batch.inputs.eventCount)
        accounting.accepted = accounting.offered
        accounting.delivered = batch.observables.spikes ? UInt64(batch.inputs.entryCount) : 0
        accounting.produced = accounting.delivered
        return RecordingTotals(batch: batch.id, accounting: accounting, execution: ExecutionReport(), temperature: nil)
    }

    static let targets = NeuronTargets(
        leak: 80, reset: 70, threshold: 125, tauMem: 10, tauSynExcitatory: 6, tauSynInhibitory: 6, refractory: 2,
        synapticGain: 0.75)

    /// A network that fits the chip.
    static let network = ChipConfiguration(
        inputCount: 3,
        populations: [
            .init(kind: .spiking, size: 4, targets: targets),
            .init(kind: .integrating, size: 2, targets: targets),
        ],
        projections: [.init(source: .inputs, target: 0), .init(source: .population(0), target: 1)], window: 1_000,
        sampleCount: 3, samplePeriod: 250, noiseSeed: 1)

    /// A batch on it; batches have other weights and inputs each.
    static func batch(_ number: UInt64) -> DeviceBatch {
        var inputs = SpikeTrains()
        for entry in 0..<Int(number % 4) {
            inputs.append([SpikeEvent(tick: UInt16(entry), unit: 0), SpikeEvent(tick: UInt16(9 + number), unit: 2)])
        }
        return DeviceBatch(
            id: number, configuration: network,
            synapses: SynapseMatrix(codes: (0..<network.synapseCount).map { $0 == Int(number) ? 20 : 7 }),
            inputs: inputs,
            observables: Observables(spikes: number % 2 == 0, membranes: 0..<Int(number % 3)))
    }
}
