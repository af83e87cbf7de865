import ProtocolConformance
import Substrate
import WireProtocol

/// A host's session at work on a device of this package, with a relay between them that an input drives: it delivers, loses,
/// repeats, edits and makes up frames of the device, lets time pass and starts the device anew.
struct HostProgram {
    private var host: HostSession
    private var device = QuickChip.endpoint(boot: 1, now: .zero)
    private var chip = QuickChip()
    private var now = Duration.zero
    private var boot: UInt64 = 1
    private var link = 0
    /// The link as the device knows it.
    private var peer: PeerID { PeerID(bytes: [UInt8(link & 255), UInt8(link >> 8)]) }
    /// Frames of the device that the relay has not dealt with.
    private var waiting: [[UInt8]] = []
    /// Number of the relay's next frame to the host: what it drops leaves no gap.
    private var sequence: UInt64 = 0
    private var isConnected = true
    /// What became of each batch: it may end once.
    private var ended: Set<UInt64> = []
    private var submitted: UInt64 = 0
    private var inspector = HostInspector()
    /// Whether every frame went as the device sent it: then the host has to keep every rule.
    private var isHonest = true
    private var program: FuzzReader

    private static let mostSteps = 64
    /// Frames that a program may have delivered: what the relay, the inspector and the device do for each would else fill an
    /// input's time, and hide what the host does with it.
    private static let mostDeliveries = 256
    private var deliveries = 0

    static func run(_ bytes: [UInt8]) {
        var program = HostProgram(program: FuzzReader(bytes))
        for _ in 0..<mostSteps where !program.program.isAtEnd && program.deliveries < mostDeliveries { program.step() }
        if program.isHonest, let violation = program.inspector.violations.first {
            fatalError("the host broke \(violation.rule): \(violation.detail)")
        }
        program.perform(program.host.close(now: program.now))
        demand(program.host.pendingBatches.isEmpty, "batches are left after the end")
        demand(program.ended.count == Int(program.submitted), "a batch has got lost")
    }

    private init(program: FuzzReader) {
        self.program = program
        var configuration = HostSessionConfiguration(
            runID: RunID(high: 1, low: 2), label: "fuzzed", entropy: (3, 4))
        configuration.batchDeadline = .seconds(5)
        configuration.resultCredit = 256
        configuration.limits.slots = DeviceBatch.pipelineDepth
        host = HostSession(configuration: configuration)
        perform(host.start(now: now))
        for _ in 0..<2 { submit() }
    }

    private mutating func submit() {
        guard submitted < 7 else { return }
        submitted += 1
        perform(host.submit(QuickChip.batch(submitted), now: now))
    }

    /// Tells the host what the next batch will have as inputs.
    private mutating func expectNext() {
        let next = QuickChip.batch(submitted + 1)
        perform(host.expect(ExpectedInputs(next.inputs, of: next.id, on: next.configuration), now: now))
    }

    private mutating func step() {
        let choice = program.byte()
        switch choice & 15 {
        case 0, 1, 2:
            for _ in 0...Int(choice >> 4) where !waiting.isEmpty { deliver(waiting.removeFirst()) }
        case 3: if !waiting.isEmpty { waiting.removeFirst() }
        case 4: if let frame = waiting.first { deliver(frame) }
        case 5: if !waiting.isEmpty { deliverEdited(waiting.removeFirst()) }
        case 6: if !waiting.isEmpty { deliverTwisted(waiting.removeFirst()) }
        case 7:
            isHonest = false
            receive(program.bytes(Int(program.byte())))
        case 8: makeUp()
        case 9:
            now += .milliseconds(Int(choice >> 4) * 400)
            perform(device.timeout(now: now))
            perform(host.timeout(now: now))
        case 10, 11: perform(chip.work(on: &device, fails: choice & 128 != 0, now: now))
        case 12:
            submit()
            if choice & 128 != 0 { expectNext() }
        case 13: perform(host.cancel(batch: UInt64(choice >> 4), now: now))
        case 14: restart()
        default: perform(device.goAway(reason: "fuzzed", now: now))
        }
    }

    private mutating func restart() {
        boot += 1
        device = QuickChip.endpoint(boot: boot, now: now)
        chip = QuickChip()
    }

    /// A frame under the relay's number.
    private mutating func deliver(_ frame: [UInt8]) {
        guard let parsed = try? Frame(parsing: frame, limits: WireLimits()) else { return }
        send(parsed.header, Array(parsed.payload))
    }

    private mutating func send(_ header: FrameHeader, _ payload: [UInt8]) {
        var header = header
        header.sequence = sequence
        sequence += 1
        receive(Frame.encode(header, payload: payload[...]))
    }

    private mutating func receive(_ frame: [UInt8]) {
        guard isConnected else { return }
        deliveries += 1
        now += .microseconds(10)
        inspector.received(frame, on: link, at: now)
        perform(host.receive(frame, now: now))
    }

    private mutating func deliverEdited(_ frame: [UInt8]) {
        guard let parsed = try? Frame(parsing: frame, limits: WireLimits()) else { return }
        isHonest = false
        var header = parsed.header
        let payload = PayloadEdit.edited(Array(parsed.payload), &program)
        header.totalLength = UInt32(payload.count)
        send(header, payload)
    }

    private mutating func deliverTwisted(_ frame: [UInt8]) {
        guard let parsed = try? Frame(parsing: frame, limits: WireLimits()) else { return }
        isHonest = false
        var header = parsed.header
        let value = program.byte()
        switch program.byte() % 9 {
        case 0: header.session ^= UInt64(value)
        case 1: header.type = value
        case 2: header.request = UInt64(value)
        case 3: header.status = WireStatus(rawValue: UInt16(value & 7) << 8 | UInt16(value >> 3))
        case 4: header.flags = .init(rawValue: value & 7)
        case 5: header.channel = header.channel == .data ? .control : .data
        case 6: (header.fragment, header.fragmentCount) = (UInt16(value & 3), UInt16(value >> 2 & 3))
        case 7: sequence &+= UInt64(value & 1)
        default: header.totalLength ^= UInt32(value)
        }
        send(header, Array(parsed.payload))
    }

    /// A message of the relay's own.
    private mutating func makeUp() {
        isHonest = false
        var header = FrameHeader(type: program.byte())
        header.flags = .init(rawValue: program.byte() & 7)
        header.request = UInt64(program.byte())
        header.status = WireStatus(rawValue: UInt16(program.word()))
        let payload = program.bytes(Int(program.byte()))
        header.totalLength = UInt32(payload.count)
        send(header, payload)
    }

    private mutating func perform(_ actions: [HostAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame):
                guard (try? Frame(parsing: frame, limits: WireLimits())) != nil else {
                    fatalError("the host sent what is no frame")
                }
                inspector.sent(frame, on: link, at: now)
                perform(device.receive(frame, from: peer, now: now))
            case .deliver(let totals, _): end(totals.batch)
            case .fail(_, let batch?): end(batch)
            case .reconnect(let wait, _):
                now += wait
                link += 1
                (waiting, sequence) = ([], 0)
                perform(host.linkReset(now: now))
            case .fail(_, nil), .closed: isConnected = false
            case .describe, .ready, .slice, .health, .goAway: break
            }
        }
    }

    private mutating func end(_ batch: UInt64) {
        demand(ended.insert(batch).inserted, "batch \(batch) ended twice (EXE-007)")
    }

    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer):
                if peer == self.peer { waiting.append(frame) }
            case .execute(let key, let batch, let length): chip.start(key, batch, slicesOf: length)
            case .cancel(let key): chip.cancel(key)
            case .log: break
            }
        }
    }
}

extension FuzzSubject {
    /// A host's side of the protocol; an input is a program.
    static let host = FuzzSubject(
        "host",
        seeds: [
            [0, 0, 0, 0, 0x30, 10, 10, 0x30, 10, 10, 0x70, 12, 0x70, 10, 10, 0x70],
            [0, 0, 0, 0, 0x50, 10, 3, 0x30, 0x99, 0x99, 0, 0, 0, 0x50, 10, 10, 0x70],
            [0, 0, 0, 5, 1, 0, 4, 2, 9, 0x30, 10, 14, 0x30, 0x99, 0x99, 0x99, 0, 0, 0, 0x70],
            [0, 0, 0, 0, 0x50, 13, 0x1D, 10, 0x30, 15, 0x30, 6, 3, 0, 10, 0x30],
        ], run: HostProgram.run)
}
