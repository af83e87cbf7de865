import Substrate
import Testing
import WireProtocol

/// Hosts and a device on sound links; frames arrive at once, jobs end when the test says so.
struct Bench {
    var device: DeviceEndpoint
    var hosts: [HostSession] = []
    var now = Duration.zero
    var jobs: [(key: JobKey, batch: DeviceBatch, length: Int)] = []
    var slices = SliceCollector()
    var cancelled: [JobKey] = []
    var delivered: [Int: [UInt64]] = [:]
    var duplicates = 0
    var recordings: [UInt64: Recording] = [:]
    var failures: [(host: Int, error: DeviceError, batch: UInt64?)] = []
    var descriptions: [DeviceDescription] = []
    var health: [DeviceHealth] = []
    var closed: Set<Int> = []
    /// Every frame, in the order of sending; `true` from a host.
    var tape: [(fromHost: Bool, frame: [UInt8])] = []
    private var links: [Int: UInt8] = [:]

    init(device: DeviceEndpointConfiguration = Samples.device()) {
        self.device = DeviceEndpoint(configuration: device, now: .zero)
    }

    mutating func add(_ configuration: HostSessionConfiguration) -> Int {
        hosts.append(HostSession(configuration: configuration))
        let index = hosts.count - 1
        links[index] = UInt8(index)
        perform(hosts[index].start(now: now), of: index)
        return index
    }

    mutating func submit(_ batch: DeviceBatch, to host: Int) {
        perform(hosts[host].submit(batch, now: now), of: host)
    }

    mutating func submit(_ batch: DeviceBatch, slicesOf length: Int, to host: Int) {
        perform(hosts[host].submit(batch, slicesOf: length, now: now), of: host)
    }

    mutating func expect(_ inputs: SpikeTrains, of batch: UInt64, on host: Int) {
        perform(
            hosts[host].expect(ExpectedInputs(inputs, of: batch, on: Samples.configuration), now: now), of: host)
    }

    mutating func cancel(_ batch: UInt64, on host: Int) {
        perform(hosts[host].cancel(batch: batch, now: now), of: host)
    }

    mutating func close(_ host: Int) { perform(hosts[host].close(now: now), of: host) }

    mutating func requestHealth(of host: Int) {
        perform(hosts[host].requestHealth(now: now), of: host)
    }

    /// The link of a host breaks and is opened anew.
    mutating func reset(_ host: Int) {
        links[host] = (links[host] ?? 0) + 100
        perform(hosts[host].linkReset(now: now), of: host)
    }

    mutating func restartDevice(boot: UInt64) {
        device = DeviceEndpoint(configuration: Samples.device(boot: boot), now: now)
        jobs = []
    }

    /// Ends the job that is out.
    mutating func finish(_ result: Result<Recording, DeviceError>? = nil) {
        let (key, batch, length) = jobs.removeFirst()
        perform(
            device.finish(
                key, slicesOf: length, result ?? .success(Samples.recording(batch)), now: now))
    }

    /// The job that is out has run some entries.
    mutating func advance(_ slice: RecordingSlice) {
        perform(device.advance(jobs[0].key, slice: slice, now: now))
    }

    /// The job that is out ends; its slices have been handed on.
    mutating func complete(_ result: Result<RecordingTotals, DeviceError>? = nil) {
        let (key, batch, _) = jobs.removeFirst()
        let totals = Samples.recording(batch).totals
        perform(device.complete(key, result: result ?? .success(totals), now: now))
    }

    /// Lets time pass for the device and for some hosts.
    mutating func advance(_ time: Duration, hosts alive: [Int]) {
        let end = now + time
        while true {
            let next =
                (alive.compactMap { hosts[$0].nextTimeout } + [device.nextTimeout ?? end]).min()
                ?? end
            guard next < end else { break }
            now = max(now, next)
            for host in alive { perform(hosts[host].timeout(now: now), of: host) }
            perform(device.timeout(now: now))
        }
        now = end
    }

    mutating func transmit(_ frame: [UInt8], from peer: PeerID) -> [[UInt8]] {
        device.receive(frame, from: peer, now: now).compactMap {
            if case .transmit(let answer, peer) = $0 { answer } else { nil }
        }
    }

    private mutating func perform(_ actions: [HostAction], of host: Int) {
        for action in actions {
            switch action {
            case .transmit(let frame):
                tape.append((true, frame))
                let peer = PeerID(bytes: [links[host] ?? 0])
                perform(device.receive(frame, from: peer, now: now))
            case .slice(let slice, let batch): slices.take(slice, of: batch)
            case .deliver(let totals, let report):
                delivered[host, default: []].append(totals.batch)
                recordings[totals.batch] = slices.recording(totals)
                if report.duplicate { duplicates += 1 }
            case .fail(let error, let batch): failures.append((host, error, batch))
            case .describe(let description): descriptions.append(description)
            case .health(let counters): health.append(counters)
            case .closed: closed.insert(host)
            case .reconnect: reset(host)
            case .ready, .goAway: break
            }
        }
    }

    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer):
                tape.append((false, frame))
                guard let host = links.first(where: { [$0.value] == peer.bytes })?.key else {
                    continue
                }
                perform(hosts[host].receive(frame, now: now), of: host)
            case .execute(let key, let batch, let length): jobs.append((key, batch, length))
            case .cancel(let key): cancelled.append(key)
            case .log: break
            }
        }
    }
}

@Suite struct SessionTests {
    @Test func batchesComeBackAsTheChipAnsweredThem() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        #expect(bench.descriptions == [Samples.description])
        for id in 1...6 as ClosedRange<UInt64> {
            bench.submit(Samples.batch(id), to: host)
            #expect(bench.jobs.first?.batch.configuration == Samples.configuration)
            #expect(bench.jobs.first?.batch.synapses == Samples.batch(id).synapses)
            #expect(bench.jobs.first?.batch.inputs == Samples.batch(id).inputs)
            bench.finish()
            #expect(bench.recordings[id] == Samples.recording(Samples.batch(id)))
        }
        #expect(bench.delivered[host] == [1, 2, 3, 4, 5, 6])
        #expect(bench.failures.isEmpty)
    }

    @Test func theConfigurationTravelsOnceAndWeightsAsChanges() throws {
        var bench = Bench()
        let host = bench.add(Samples.host())
        for id in 1...3 as ClosedRange<UInt64> {
            bench.submit(Samples.batch(id), to: host)
            bench.finish()
        }
        let types = try bench.tape.filter(\.fromHost).map { try FrameHeader(parsing: $0.frame).type }
        #expect(types.count { $0 == MessageType.configure.rawValue } == 1)
        #expect(types.count { $0 == MessageType.weights.rawValue } == 3)
        let encodings = try bench.tape.filter(\.fromHost).compactMap { entry -> UInt8? in
            let isWeights = try FrameHeader(parsing: entry.frame).type == MessageType.weights.rawValue
            return isWeights ? entry.frame[64] : nil
        }
        #expect(encodings == [1, 2, 2])
    }

    @Test func aSecondClientIsToldWhoHoldsTheChipAndGetsItAfterwards() {
        var bench = Bench()
        let first = bench.add(Samples.host(1, label: "alice"))
        let second = bench.add(Samples.host(2, label: "bob"))
        bench.submit(Samples.batch(1), to: first)
        bench.finish()
        bench.submit(Samples.batch(2), to: second)
        #expect(bench.failures.first?.error.code == .leaseHeld)
        #expect(bench.failures.first?.error.detail.contains("\"alice\"") == true)
        bench.close(first)
        #expect(bench.closed == [first])
        bench.submit(Samples.batch(3), to: second)
        bench.finish()
        #expect(bench.delivered[second] == [3])
    }

    @Test func aPatientClientWaitsForTheLease() {
        var bench = Bench()
        let first = bench.add(Samples.host(1))
        bench.submit(Samples.batch(1), to: first)
        bench.finish()
        var patient = Samples.host(2)
        patient.leasePatience = .seconds(20)
        let second = bench.add(patient)
        bench.submit(Samples.batch(2), to: second)
        bench.advance(.seconds(9), hosts: [second])
        #expect(bench.jobs.isEmpty)
        bench.advance(.seconds(2), hosts: [second])
        #expect(bench.jobs.map(\.batch.id) == [2], "the killed holder's lease ends after 10 s")
    }

    @Test func aHolderKeepsTheLeaseWhileItIsIdle() {
        var bench = Bench()
        let first = bench.add(Samples.host(1))
        bench.submit(Samples.batch(1), to: first)
        bench.finish()
        bench.advance(.seconds(45), hosts: [first])
        let second = bench.add(Samples.host(2))
        bench.submit(Samples.batch(2), to: second)
        #expect(bench.failures.map(\.error.code) == [.leaseHeld])
    }

    @Test func aPausedHolderIsFencedOnceAnotherHasTheChip() {
        var bench = Bench()
        let first = bench.add(Samples.host(1))
        bench.submit(Samples.batch(1), to: first)
        bench.finish()
        let second = bench.add(Samples.host(2))
        bench.advance(.seconds(11), hosts: [second])
        bench.submit(Samples.batch(2), to: second)
        #expect(bench.jobs.map(\.batch.id) == [2])
        bench.submit(Samples.batch(3), to: first)
        #expect(bench.failures.map(\.error.code) == [.leaseHeld])
        bench.finish()
        #expect(bench.delivered[second] == [2])
        #expect(bench.delivered[first] == [1])
    }

    @Test func aRestartedTrainerTakesTheLeaseOfItsDeadSelf() {
        var bench = Bench()
        let dead = bench.add(Samples.host(1, run: 77))
        bench.submit(Samples.batch(1), to: dead)
        bench.advance(.seconds(4), hosts: [])
        let heir = bench.add(Samples.host(2, run: 77))
        bench.submit(Samples.batch(1), to: heir)
        #expect(bench.failures.map(\.error.code) == [.leaseLost])
        #expect(bench.failures.map(\.host) == [dead])
        bench.finish()
        while !bench.jobs.isEmpty { bench.finish() }
        #expect(bench.delivered[heir] == [1])
    }

    @Test func aResultIsFetchedAgainNotComputedAgain() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(1), to: host)
        bench.reset(host)
        #expect(bench.jobs.count == 1)
        bench.finish()
        #expect(bench.delivered[host] == [1])
        #expect(bench.device.health(now: bench.now).jobsExecuted == 1)
        #expect(bench.device.health(now: bench.now).duplicatesAnswered == 1)
    }

    @Test func aRestartedDeviceGetsTheBatchAgain() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(1), to: host)
        bench.restartDevice(boot: 2)
        bench.advance(.seconds(2), hosts: [host])
        #expect(bench.jobs.map(\.key.attempt) == [2])
        bench.finish()
        #expect(bench.recordings[1] == Samples.recording(Samples.batch(1)))
    }

    @Test func cancelIsAnsweredInEveryState() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        for id in 1...3 as ClosedRange<UInt64> { bench.submit(Samples.batch(id), to: host) }
        for id in [3, 2, 1] as [UInt64] { bench.cancel(id, on: host) }
        #expect(bench.failures.map(\.error.code) == [.cancelled, .cancelled, .cancelled])
        #expect(bench.failures.compactMap(\.batch) == [3, 2, 1])
        #expect(bench.cancelled.map(\.batch) == [1])
        bench.finish()
        #expect(bench.delivered.isEmpty)
        bench.submit(Samples.batch(4), to: host)
        bench.finish()
        #expect(bench.delivered[host] == [4])
    }

    /// A device that may have two batches with its chip, and a host with three batches there.
    private func withTwoOut() -> (bench: Bench, host: Int) {
        var bench = Bench(device: Samples.device(batchesOut: 2))
        var configuration = Samples.host()
        configuration.limits.slots = 3
        let host = bench.add(configuration)
        for id in 1...3 as ClosedRange<UInt64> { bench.submit(Samples.batch(id), to: host) }
        return (bench, host)
    }

    @Test func aBatchMayWaitBesideTheChipWhileAnotherRuns() throws {
        var (bench, host) = withTwoOut()
        for out in [[1, 2], [2, 3]] as [[UInt64]] {
            #expect(bench.jobs.map(\.batch.id) == out)
            // The host hears of the first alone that it runs.
            bench.reset(host)
            let answers = try bench.tape.filter { !$0.fromHost }.map {
                try Frame(parsing: $0.frame, limits: WireLimits())
            }
            let opened = try #require(answers.last { $0.header.type == MessageType.open.rawValue })
            // OpenReply { repeated HeldBatch { batch, state } held = 5 }
            let held = try ProtobufFields(parsing: opened.payload).values(5).map {
                if case .bytes(let bytes) = $0 { try ProtobufFields(parsing: bytes) } else { ProtobufFields() }
            }
            let running = held.filter { $0.value(2) == .varint(2) }.map { $0.value(1) }
            let queued = held.filter { $0.value(2) == .varint(1) }.map { $0.value(1) }
            #expect(running == [.varint(out[0])])
            #expect(queued == (out[0]..<3).map { .varint($0 + 1) })
            bench.finish()
        }
        bench.finish()
        #expect(bench.delivered[host] == [1, 2, 3])
        #expect(bench.recordings[2] == Samples.recording(Samples.batch(2)))
    }

    @Test func aBatchThatWaitsBesideTheChipCanBeCancelled() {
        var (bench, host) = withTwoOut()
        bench.cancel(2, on: host)
        #expect(bench.cancelled.map(\.batch) == [2])
        #expect(bench.failures.compactMap(\.batch) == [2])
        // Its place is taken until the chip has come to it.
        #expect(bench.jobs.map(\.batch.id) == [1, 2])
        bench.finish()
        #expect(bench.jobs.map(\.batch.id) == [2, 3])
        bench.finish(.failure(DeviceError(.cancelled, "given up")))
        bench.finish()
        #expect(bench.delivered[host] == [1, 3])
        #expect(bench.failures.count == 1)
    }

    @Test func theNextBatchRunsWhenTheChipIsThroughWithAnAbandonedOne() {
        var (bench, host) = withTwoOut()
        bench.cancel(1, on: host)
        #expect(bench.jobs.map(\.batch.id) == [1, 2])
        bench.finish(.failure(DeviceError(.cancelled, "given up")))
        bench.finish()
        bench.finish()
        #expect(bench.delivered[host] == [2, 3])
    }

    @Test func aFailureOfTheChipReachesTheHostInItsOwnWords() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(1), to: host)
        bench.finish(.failure(DeviceError(.deviceFault, "the supply is low", remedy: "Charge it.")))
        #expect(bench.failures.first?.error.code == .deviceFault)
        #expect(bench.failures.first?.error.detail.contains("the supply is low") == true)
        #expect(bench.failures.first?.error.remedy == "Charge it.")
    }

    @Test func aNetworkThatDoesNotFitIsRefusedWithBothNumbers() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        var configuration = Samples.configuration
        configuration.populations[0].size = 600
        bench.submit(Samples.batch(1, configuration: configuration), to: host)
        let detail = bench.failures.first?.error.detail ?? ""
        #expect(bench.failures.first?.error.code == .invalidRequest)
        #expect(detail.contains("512") && detail.contains("neuron circuits"), "\(detail)")
    }

    @Test func countersReachTheHost() {
        var bench = Bench()
        let host = bench.add(Samples.host(label: "carol"))
        bench.submit(Samples.batch(1), to: host)
        bench.finish()
        bench.requestHealth(of: host)
        #expect(bench.health.first?.jobsExecuted == 1)
        #expect(bench.health.first?.holder?.label == "carol")
        #expect(
            bench.health.first?.accounting == Samples.recording(Samples.batch(1)).accounting)
        #expect(bench.health.first?.temperature == nil, "the sample's chip does not measure it")
    }

    @Test func theTemperatureOfTheLastBatchReachesTheHost() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.requestHealth(of: host)
        bench.submit(Samples.batch(1), to: host)
        var recording = Samples.recording(Samples.batch(1))
        recording.temperature = 41.5
        bench.finish(.success(recording))
        bench.requestHealth(of: host)
        #expect(bench.health.map(\.temperature) == [nil, 41.5])
    }

    @Test func garbageFromAStrangerLeavesOthersAlone() {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(1), to: host)
        var generator = SeededGenerator(seed: 4)
        for count in 0..<200 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(bench.transmit(bytes, from: PeerID(bytes: [200])).count == 1)
        }
        bench.finish()
        #expect(bench.delivered[host] == [1])
    }
}
