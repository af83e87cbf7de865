import Substrate
import Testing
import WireProtocol

/// A host, a device and the links between them, driven by a seed: frames are delayed, lost, repeated, reordered and
/// damaged, links break, the device restarts, both clocks jump. After a while all that ends and the work must get done.
private struct UnreliableWorld {
    enum Event {
        case toDevice(link: Int, [UInt8])
        case toHost(link: Int, [UInt8])
        case ran(boot: UInt64, JobKey, RecordingSlice)
        case finished(boot: UInt64, JobKey, RecordingTotals)
        case openLink
        case breakLink
        case restart
        case hostJump(Duration)
        case deviceJump(Duration)
    }

    struct Failure: Error { var text: String }

    let batchCount: UInt64
    let end = Duration.seconds(40)
    var generator: SeededGenerator
    var time = Duration.zero
    var hostOffset = Duration.zero
    var deviceOffset = Duration.zero
    var host: HostSession
    var device: DeviceEndpoint
    var boot: UInt64 = 1
    /// Batches that the device may have with its chip, and when that is through with them.
    let batchesOut: Int
    var chipIsFree = Duration.zero
    var link = 1
    var events: [(at: Duration, event: Event)] = []
    var nextBatch: UInt64 = 0
    var slices = SliceCollector()
    var delivered: [UInt64: Recording] = [:]
    var executed: [String: Int] = [:]
    var faults: Double
    var steps = 0

    init(seed: UInt64, batchCount: UInt64) {
        generator = SeededGenerator(seed: seed)
        self.batchCount = batchCount
        faults = [0, 0.005, 0.02, 0.06][Int(seed % 4)]
        var configuration = Samples.host()
        configuration.chunkBytes = 60
        configuration.resultCredit = 4_000
        if seed % 3 == 0 { configuration.limits.framePayload = 2_048 }
        batchesOut = 1 + Int(seed / 4 % 2)
        configuration.limits.slots += batchesOut - 1
        host = HostSession(configuration: configuration)
        device = DeviceEndpoint(configuration: Samples.device(boot: 1, batchesOut: batchesOut), now: .zero)
        for _ in 0..<Int.random(in: 0...6, using: &generator) {
            let at = Duration.milliseconds(Int.random(in: 0..<20_000, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: events.append((at, .restart))
            case 1: events.append((at, .breakLink))
            case 2: events.append((at, .hostJump(.seconds(generator.next() % 20))))
            case 3: events.append((at, .deviceJump(.seconds(generator.next() % 20))))
            default: events.append((at, .breakLink))
            }
        }
    }

    mutating func run() throws {
        try perform(host.start(now: time + hostOffset))
        try submit()
        while delivered.count < Int(batchCount) {
            steps += 1
            guard steps < 60_000 else {
                throw Failure(text: "no end after \(steps) steps at \(time): \(delivered.count) delivered")
            }
            try step()
        }
    }

    private mutating func submit() throws {
        while nextBatch < batchCount, host.pendingBatches.count < 3 {
            nextBatch += 1
            try perform(host.submit(Samples.batch(nextBatch), now: time + hostOffset))
        }
    }

    private mutating func step() throws {
        let next = events.indices.min { events[$0].at < events[$1].at }
        let eventTime = next.map { events[$0].at } ?? .seconds(1_000_000)
        let hostTime = host.nextTimeout.map { $0 - hostOffset } ?? .seconds(1_000_000)
        let deviceTime = device.nextTimeout.map { $0 - deviceOffset } ?? .seconds(1_000_000)
        if hostTime < eventTime, hostTime <= deviceTime {
            time = max(time, hostTime)
            return try perform(host.timeout(now: time + hostOffset))
        }
        if deviceTime < eventTime {
            time = max(time, deviceTime)
            return perform(device.timeout(now: time + deviceOffset))
        }
        guard let next else { throw Failure(text: "nothing is awaited at \(time)") }
        let (at, event) = events.remove(at: next)
        time = max(time, at)
        try handle(event)
    }

    private mutating func handle(_ event: Event) throws {
        switch event {
        case .toDevice(let link, let frame):
            let peer = PeerID(bytes: [UInt8(link & 255), UInt8(link >> 8)])
            perform(device.receive(frame, from: peer, now: time + deviceOffset))
        case .toHost(let link, let frame):
            guard link == self.link else { return }
            try perform(host.receive(frame, now: time + hostOffset))
        case .ran(let boot, let key, let slice):
            guard boot == self.boot else { return }
            perform(device.advance(key, slice: slice, now: time + deviceOffset))
        case .finished(let boot, let key, let totals):
            guard boot == self.boot else { return }
            perform(device.complete(key, result: .success(totals), now: time + deviceOffset))
        case .openLink:
            link += 1
            try perform(host.linkReset(now: time + hostOffset))
        case .breakLink:
            events.removeAll {
                switch $0.event {
                case .toDevice, .toHost: true
                case .ran, .finished, .openLink, .breakLink, .restart, .hostJump, .deviceJump: false
                }
            }
        case .restart:
            boot += 1
            device = DeviceEndpoint(
                configuration: Samples.device(boot: boot, batchesOut: batchesOut), now: time + deviceOffset)
            chipIsFree = time
        case .hostJump(let jump): hostOffset += jump
        case .deviceJump(let jump): deviceOffset += jump
        }
    }

    private mutating func perform(_ actions: [HostAction]) throws {
        for action in actions {
            switch action {
            case .transmit(let frame): carry(frame) { .toDevice(link: $0, $1) }
            case .reconnect(let wait, _):
                link += 1
                events.append((time + wait, .openLink))
            case .slice(let slice, let batch): slices.take(slice, of: batch)
            case .deliver(let totals, _):
                guard delivered[totals.batch] == nil else {
                    throw Failure(text: "batch \(totals.batch) is delivered twice")
                }
                let recording = slices.recording(totals)
                guard recording == Samples.recording(Samples.batch(recording.batch)) else {
                    throw Failure(text: "batch \(recording.batch) has a wrong recording")
                }
                delivered[recording.batch] = recording
                try submit()
            case .fail(let error, let batch):
                throw Failure(text: "batch \(batch ?? 0) failed at \(time): \(error)")
            case .describe, .ready, .health, .goAway, .closed: break
            }
        }
    }

    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer):
                let origin = Int(peer.bytes[0]) | Int(peer.bytes[1]) << 8
                carry(frame) { _, frame in .toHost(link: origin, frame) }
            case .execute(let key, let batch, let length):
                executed["\(boot)/\(key.batch)", default: 0] += 1
                let recording = Samples.recording(batch)
                var at = max(time, chipIsFree)
                for slice in recording.slices(of: length) {
                    at += .milliseconds(Int.random(in: 0...400, using: &generator))
                    events.append((at, .ran(boot: boot, key, slice)))
                }
                chipIsFree = at + .microseconds(1)
                events.append((chipIsFree, .finished(boot: boot, key, recording.totals)))
            case .cancel, .log: break
            }
        }
    }

    /// Puts a frame on the link, or what the link makes of it.
    private mutating func carry(_ frame: [UInt8], as event: (Int, [UInt8]) -> Event) {
        let isFaulty = time < end
        var frame = frame
        if isFaulty, generator.chance(faults) { return }
        if isFaulty, generator.chance(faults / 4) {
            frame[Int.random(in: 0..<frame.count, using: &generator)] ^= 1 << UInt8(generator.next() % 8)
        }
        let isLate = isFaulty && generator.chance(faults / 2)
        // Frames keep their order on a sound link: all take the same time.
        let delay = Duration.milliseconds(isLate ? Int.random(in: 3...40, using: &generator) : 2)
        events.append((time + delay, event(link, frame)))
        if isFaulty, generator.chance(faults / 2) {
            events.append((time + delay * 3, event(link, frame)))
        }
    }
}

@Suite struct UnreliableWorldTests {
    @Test(arguments: 0..<40)
    func everyBatchIsDeliveredOnceAndRightWhateverTheLinkDoes(block: UInt64) {
        for seed in block * 100..<block * 100 + 100 {
            var world = UnreliableWorld(seed: seed, batchCount: 8)
            do {
                try world.run()
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
            let most = world.executed.values.max() ?? 0
            #expect(most == 1, "seed \(seed): a batch ran \(most) times on one start of the device")
        }
    }
}
