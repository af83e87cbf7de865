import DeviceTransport
import Mutants
import ProtocolConformance
import Substrate
import WireProtocol

/// A host of this package at work on a simulated device: batches in, recordings out, every frame inspected.
struct HostRun {
    private(set) var delivered: [UInt64: [Recording]] = [:]
    private var slices: [UInt64: [RecordingSlice]] = [:]
    private(set) var failures: [DeviceError] = []
    private(set) var reconnections = 0
    private(set) var inspector = HostInspector()
    /// Batches that neither came nor failed before the patience ended.
    private(set) var open: Set<UInt64> = []
    private var session: HostSession
    private let target: SimulatedTarget
    private var link: (any DeviceLink)?
    private var linkNumber = 0

    /// Runs batches, and gives up after so long on the device's clock.
    init(
        _ batches: [DeviceBatch], on target: SimulatedTarget, patience: Duration = .seconds(150),
        between: (SimulatedTarget, Int) -> Void = { _, _ in }
    ) {
        self.target = target
        var configuration = HostSessionConfiguration(
            runID: RunID(high: 1, low: 2), label: "host under test", entropy: (3, 4))
        configuration.batchDeadline = .seconds(20)
        // So little that CREDIT has to be sent, too.
        configuration.resultCredit = 2_048
        session = HostSession(configuration: configuration)
        connect()
        perform(session.start(now: target.now))
        open = Set(batches.map(\.id))
        let end = target.now + patience
        for (index, batch) in batches.enumerated() {
            between(target, index)
            perform(session.submit(batch, now: target.now))
            // Two are in flight, as in training.
            drive(until: end) { $0.session.pendingBatches.count <= 1 }
        }
        drive(until: end) { $0.session.pendingBatches.isEmpty }
        open.subtract(delivered.keys)
        perform(session.close(now: target.now))
    }

    private mutating func connect() {
        linkNumber += 1
        link = try? target.open()
    }

    private mutating func drive(until end: Duration, _ isEnough: (HostRun) -> Bool) {
        while target.now < end, !isEnough(self) {
            let wait = min(end, session.nextTimeout ?? end) - target.now
            if let frame = try? link?.receive(within: max(.milliseconds(1), min(wait, .milliseconds(500)))) {
                inspector.received(frame, on: linkNumber, at: target.now)
                perform(session.receive(frame, now: target.now))
            }
            if let next = session.nextTimeout, next <= target.now { perform(session.timeout(now: target.now)) }
        }
    }

    private mutating func perform(_ actions: [HostAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame):
                inspector.sent(frame, on: linkNumber, at: target.now)
                try? link?.send(frame)
            case .slice(let slice, let batch):
                if slice.firstEntry == 0 { slices[batch] = [] }
                slices[batch, default: []].append(slice)
            case .deliver(let totals, _):
                let recording = Recording(joining: slices.removeValue(forKey: totals.batch) ?? [], totals: totals)
                delivered[totals.batch, default: []].append(recording)
            case .fail(let error, _): failures.append(error)
            case .reconnect(let delay, _):
                reconnections += 1
                link?.close()
                target.sleep(for: max(delay, .milliseconds(50)))
                connect()
                perform(session.linkReset(now: target.now))
            case .describe, .ready, .health, .goAway, .closed: break
            }
        }
    }

    /// Eight batches of a small network whose weights change from batch to batch.
    static var batches: [DeviceBatch] {
        let targets = NeuronTargets(
            leak: 80, reset: 70, threshold: 125, tauMem: 10, tauSynExcitatory: 6, tauSynInhibitory: 6, refractory: 2,
            synapticGain: 0.75)
        let configuration = ChipConfiguration(
            inputCount: 4,
            populations: [
                .init(kind: .spiking, size: 6, targets: targets), .init(kind: .integrating, size: 2, targets: targets),
            ],
            projections: [.init(source: .inputs, target: 0), .init(source: .population(0), target: 1)], window: 2_000,
            sampleCount: 4, samplePeriod: 400, noiseSeed: 5)
        return (1...8).map { number in
            var inputs = SpikeTrains()
            for entry in 0..<3 {
                inputs.append(
                    (0..<24).map { SpikeEvent(tick: UInt16(10 + 30 * $0 + entry), unit: UInt16(($0 + number) % 4)) })
            }
            let codes = (0..<configuration.synapseCount).map { Int8($0 == number ? -30 : 50) }
            return DeviceBatch(
                id: UInt64(number), configuration: configuration, synapses: SynapseMatrix(codes: codes), inputs: inputs,
                observables: Observables(spikes: true, membranes: 0..<8))
        }
    }
}
