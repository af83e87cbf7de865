import Substrate
import WireProtocol

/// A small generator for tests: splitmix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }

    /// True with a probability.
    mutating func chance(_ probability: Double) -> Bool {
        Double.random(in: 0..<1, using: &self) < probability
    }
}

/// Batches, and a chip whose recordings are a pure function of the batch.
enum Samples {
    static let targets = NeuronTargets(
        leak: 80, reset: 70.5, threshold: 125, tauMem: 10, tauSynExcitatory: 6,
        tauSynInhibitory: 6.25, refractory: 2, synapticGain: 0.75)

    static let configuration = ChipConfiguration(
        inputCount: 5,
        populations: [
            .init(kind: .spiking, size: 4, targets: targets),
            .init(kind: .integrating, size: 2, targets: targets),
        ],
        projections: [
            .init(source: .inputs, target: 0), .init(source: .population(0), target: 0),
            .init(source: .population(0), target: 1),
        ], window: 1_000, sampleCount: 3, samplePeriod: 250, entrySpacing: 1_250, noiseSeed: 42)

    static let description = DeviceDescription(
        kind: .emulator, serial: 7, profile: "bss2", firmware: "0.1", geometry: .brainScaleS2,
        effects: ["mismatch 1.0", "noise 0.5"], calibration: "0123456789abcdef")

    static func trains(
        entries: Int, units: Int, window: Int, most: Int, _ generator: inout SeededGenerator
    ) -> SpikeTrains {
        var trains = SpikeTrains()
        for _ in 0..<entries {
            trains.append(
                (0..<Int.random(in: 0...most, using: &generator)).map { _ in
                    SpikeEvent(
                        tick: UInt16(Int.random(in: 0..<window, using: &generator)),
                        unit: UInt16(Int.random(in: 0..<units, using: &generator)))
                })
        }
        return trains
    }

    static func batch(
        _ id: UInt64, configuration: ChipConfiguration = configuration, seed: UInt64 = 0
    ) -> DeviceBatch {
        var generator = SeededGenerator(seed: id &* 977 &+ seed)
        return DeviceBatch(
            id: id, configuration: configuration,
            synapses: SynapseMatrix(
                codes: (0..<configuration.synapseCount).map { index in
                    // Most weights stay from batch to batch, so that changes travel as changes.
                    index % 5 == Int(id % 5) ? Int8.random(in: -63...63, using: &generator) : 3
                }),
            inputs: trains(
                entries: Int(id % 4) + 1, units: configuration.inputCount,
                window: configuration.window, most: 9, &generator),
            observables: Observables(spikes: id % 3 != 1, membranes: id % 4 == 2 ? 0..<0 : 1..<6))
    }

    /// What the chip of the tests answers: decided by the content of the batch and nothing else.
    static func recording(_ batch: DeviceBatch) -> Recording {
        var seed = batch.id
        for code in batch.synapses.codes { seed = seed &* 31 &+ UInt64(bitPattern: Int64(code)) }
        for event in batch.inputs.events {
            seed = seed &* 33 &+ UInt64(event.tick) &* 65_536 &+ UInt64(event.unit)
        }
        seed = seed &* 37 &+ batch.configuration.noiseSeed
        var generator = SeededGenerator(seed: seed)
        let entries = batch.inputs.entryCount
        let spikes =
            batch.observables.spikes
            ? trains(
                entries: entries, units: batch.configuration.neuronCount,
                window: batch.configuration.window, most: 12, &generator)
            : SpikeTrains(ends: Array(repeating: 0, count: entries), events: [])
        let membranes =
            batch.observables.membranes.isEmpty
            ? nil
            : CADCRecording(
                neurons: batch.observables.membranes,
                sampleCount: batch.configuration.sampleCount,
                codes: (0..<entries * batch.configuration.sampleCount
                    * batch.observables.membranes.count).map { _ in
                        UInt8.random(in: 0...255, using: &generator)
                    })
        var accounting = EventAccounting()
        accounting.offered = UInt64(batch.inputs.eventCount)
        accounting.droppedByDriver = accounting.offered / 7
        accounting.accepted = accounting.offered - accounting.droppedByDriver
        accounting.delivered = UInt64(spikes.eventCount)
        accounting.droppedByArbitration = 3
        accounting.produced = accounting.delivered + 3
        var execution = ExecutionReport()
        execution.windowSeconds = 1e-6 * Double(entries)
        execution.staticEnergy = 0.1
        execution.deviceSeconds = 0.25
        return Recording(
            batch: batch.id, spikes: spikes, membranes: membranes,
            validity: (0..<entries).map { _ in
                EntryValidity(rawValue: UInt8.random(in: 0..<16, using: &generator))
            }, accounting: accounting, execution: execution)
    }

    static func host(
        _ number: UInt64 = 1, label: String = "trainer", run: UInt64? = nil
    ) -> HostSessionConfiguration {
        HostSessionConfiguration(
            runID: RunID(high: 0xAB, low: run ?? number), label: label, entropy: (number, 5))
    }

    static func device(boot: UInt64 = 1, batchesOut: Int = 1) -> DeviceEndpointConfiguration {
        var configuration = DeviceEndpointConfiguration(
            description: description, boot: boot,
            secret: (0..<32).map { UInt8(truncatingIfNeeded: $0 + boot) })
        configuration.firstFencingToken = UInt32(boot) << 16 | 1
        configuration.batchesOut = batchesOut
        configuration.limits.slots += batchesOut - 1
        return configuration
    }
}

extension DeviceEndpoint {
    /// A job has run and its chip answers: all slices at once, then the end.
    mutating func finish(
        _ key: JobKey, slicesOf length: Int, _ result: Result<Recording, DeviceError>, now: Duration
    ) -> [DeviceAction] {
        var actions: [DeviceAction] = []
        if case .success(let recording) = result {
            for slice in recording.slices(of: length) {
                actions += advance(key, slice: slice, now: now)
            }
        }
        return actions + complete(key, result: result.map(\.totals), now: now)
    }
}

/// Puts recordings together from the slices that a host session hands out.
struct SliceCollector {
    private var slices: [UInt64: [RecordingSlice]] = [:]

    mutating func take(_ slice: RecordingSlice, of batch: UInt64) {
        if slice.firstEntry == 0 { slices[batch] = [] }
        slices[batch, default: []].append(slice)
    }

    mutating func recording(_ totals: RecordingTotals) -> Recording {
        Recording(joining: slices.removeValue(forKey: totals.batch) ?? [], totals: totals)
    }

    /// Slices of a batch so far.
    func count(of batch: UInt64) -> Int { slices[batch]?.count ?? 0 }
}
