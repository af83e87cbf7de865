import ProtocolConformance
import Substrate
import WireProtocol

/// A device's endpoint with three clients that an input drives: right messages of a whole exchange, edited ones, bytes as
/// they are, lost links, passing time and a chip that works when it is told to.
///
/// After every step what the device sent is held against the rules that bind it whatever a client does.
struct DeviceProgram {
    private struct Client {
        var link: UInt8
        var sequence: UInt64 = 0
        var request: UInt64 = 0
        var session: UInt64 = 0
        var resumeToken: [UInt8] = []
        var token: UInt32 = 0
        /// Number of the device's next frame.
        var nextFromDevice: UInt64 = 0
        /// What OPEN and CREDIT have granted at most, and the bytes of RESULT that came.
        var granted: UInt64 = 0
        var used: UInt64 = 0
        /// How often a request number was sent less how often its final response came.
        var open: [UInt64: Int] = [:]
    }

    private var endpoint = QuickChip.endpoint(boot: 3, now: .zero)
    private var chip = QuickChip()
    private var now = Duration.zero
    private var clients = (0..<3).map { Client(link: UInt8($0)) }
    private var links: UInt8 = 3
    private var written = WrittenChip()
    private var program: FuzzReader

    /// Most steps of a program: what goes beyond is cut.
    private static let mostSteps = 48

    static func run(_ bytes: [UInt8]) {
        var program = DeviceProgram(program: FuzzReader(bytes))
        for _ in 0..<mostSteps where !program.program.isAtEnd { program.step() }
        // Whatever has happened, the device takes a new client.
        program.perform(program.endpoint.timeout(now: program.now + .seconds(200)))
        program.now += .seconds(200)
        program.relink(0)
        program.say(.hello, of: 0)
        demand(program.clients[0].open.values.allSatisfy { $0 == 0 }, "HELLO was not answered")
    }

    private init(program: FuzzReader) { self.program = program }

    /// What the bits of the first byte of a step choose.
    private mutating func step() {
        let choice = program.byte()
        let client = Int(choice >> 4 & 3) % 3
        switch choice & 15 {
        case 0: receive(program.bytes(Int(program.byte())), from: client)
        case 1: send(program.byte(), program.bytes(Int(program.byte())), of: client)
        case 2:
            let type = script[Int(program.byte()) % script.count]
            let payload = PayloadEdit.edited(payload(of: type, client), &program)
            send(type.rawValue, payload, of: client)
        case 3: now += .milliseconds(Int(program.byte()) * 20)
        case 4, 5: perform(chip.work(on: &endpoint, fails: choice & 128 != 0, now: now))
        case 6: relink(client)
        case 7: perform(endpoint.linkLost(peer(client), now: now))
        case 8: perform(endpoint.timeout(now: now))
        case 9:
            for type in [MessageType.hello, .open, .acquire, .configure, .weights, .commit] { say(type, of: client) }
        case 10: for type in [MessageType.stage, .execute] { say(type, of: client) }
        case 11: twisted(client)
        default: say(script[Int(program.byte()) % script.count], of: client)
        }
    }

    private var script: [MessageType] {
        [
            .hello, .open, .acquire, .configure, .weights, .commit, .stage, .execute, .credit, .ack, .cancel, .list,
            .get,
            .query, .describe, .renew, .release, .ping, .close, .goAway, .error, .result, .done,
        ]
    }

    private func peer(_ client: Int) -> PeerID { PeerID(bytes: [clients[client].link]) }

    private mutating func relink(_ client: Int) {
        let old = clients[client]
        links &+= 1
        clients[client] = Client(
            link: links, session: 0, resumeToken: old.resumeToken, token: old.token)
        clients[client].request = old.request
    }

    /// A right message.
    private mutating func say(_ type: MessageType, of client: Int) {
        send(type.rawValue, payload(of: type, client), of: client)
    }

    private mutating func payload(of type: MessageType, _ client: Int) -> [UInt8] {
        let option = program.byte()
        let batch = QuickChip.batch(UInt64(option & 7))
        switch type {
        case .hello:
            var limits = WireLimits()
            if option & 1 == 1 { (limits.framePayload, limits.controlPayload, limits.message) = (2_048, 2_048, 2_048) }
            return ControlPayload.hello(nonce: Array(repeating: option, count: 16), limits: limits, grease: 1).encoded()
        case .open:
            return ControlPayload.open(
                run: Array(repeating: UInt8(option & 1), count: 16), label: "client \(client)",
                credit: UInt64(option) * 16, resuming: lastSessions[client], with: clients[client].resumeToken
            ).encoded()
        case .acquire: return ControlPayload.number(Int(option) * 40)
        case .configure:
            var network = QuickChip.network
            network.noiseSeed = UInt64(option >> 6)
            let payload = ControlPayload.configure(network).encoded()
            written = WrittenChip(configurationHash: ContentHash.configuration(payload))
            return payload
        case .weights:
            let image = batch.synapses.codes
            defer { (written.image, written.epoch) = (image, written.epoch + 1) }
            guard option & 128 != 0, !written.image.isEmpty else {
                return ControlPayload.fullWeights(image, epoch: written.epoch + 1)
            }
            return ControlPayload.delta(from: written.image, at: written.epoch, to: image, epoch: written.epoch + 1)
        case .commit:
            return ControlPayload.commit(epoch: written.epoch, imageChecksum: written.imageChecksum).encoded()
        case .stage: return ControlPayload.stage(batch, slot: Int(option >> 6 & 1))
        case .execute:
            let slot = option & 128 == 0 ? Int(option >> 6 & 1) : nil
            return ControlPayload.execute(batch, on: written, slot: slot, chunkEntries: Int(option >> 3 & 7)).encoded()
        case .credit: return ControlPayload.number(UInt64(option) * 64)
        case .ack: return ControlPayload.number(clients[client].request &- UInt64(option & 7))
        case .cancel: return ControlPayload.number(Int(option & 7))
        default: return option & 1 == 0 ? [] : program.bytes(Int(option & 15))
        }
    }

    private var lastSessions: [UInt64] = [0, 0, 0]

    private mutating func header(_ type: UInt8, of client: Int) -> FrameHeader {
        var header = FrameHeader(type: type)
        let known = MessageType(rawValue: type)
        header.session = clients[client].session
        header.channel = known?.isBulk == true ? .data : .control
        if known?.needsLease == true { header.token = clients[client].token }
        if known?.isNotice != true {
            clients[client].request &+= 1
            header.request = clients[client].request
        }
        return header
    }

    /// A whole message under a right header, in frames of the least size where it is longer.
    private mutating func send(_ type: UInt8, _ payload: [UInt8], of client: Int) {
        var header = header(type, of: client)
        let size = WireLimits.leastFramePayload
        let count = max(1, (payload.count + size - 1) / size)
        header.fragmentCount = UInt16(count)
        header.totalLength = UInt32(payload.count)
        expect(header, payload, client)
        for index in 0..<count {
            header.fragment = UInt16(index)
            transmit(header, payload[min(payload.count, index * size)..<min(payload.count, (index + 1) * size)], client)
        }
    }

    /// A message under a header that is not right, though its checksum is.
    private mutating func twisted(_ client: Int) {
        let type = script[Int(program.byte()) % script.count]
        let payload = payload(of: type, client)
        var header = header(type.rawValue, of: client)
        header.totalLength = UInt32(payload.count)
        let value = program.byte()
        switch program.byte() % 10 {
        case 0: header.session ^= UInt64(value)
        case 1: header.token ^= UInt32(value)
        case 2: header.request &-= UInt64(value)
        case 3: header.status = WireStatus(rawValue: UInt16(value))
        case 4: header.flags = .init(rawValue: value & 7)
        case 5: header.channel = header.channel == .data ? .control : .data
        case 6: (header.fragment, header.fragmentCount) = (UInt16(value & 3), UInt16(value >> 2 & 3))
        case 7: header.totalLength &+= UInt32(value)
        case 8: clients[client].sequence &+= UInt64(value & 1)
        default: header.deadline = UInt32(value)
        }
        expect(header, payload, client)
        transmit(header, payload[...], client)
    }

    private mutating func expect(_ header: FrameHeader, _ payload: [UInt8], _ client: Int) {
        clients[client].open[header.request, default: 0] += 1
        guard let fields = try? ProtobufFields(parsing: payload) else { return }
        let type = MessageType(rawValue: header.type)
        let grant = type == .open ? fields.number(5) : type == .credit ? fields.number(1) : 0
        clients[client].granted = max(clients[client].granted, grant)
    }

    private mutating func transmit(_ header: FrameHeader, _ payload: ArraySlice<UInt8>, _ client: Int) {
        var header = header
        header.sequence = clients[client].sequence
        clients[client].sequence &+= 1
        receive(Frame.encode(header, payload: payload), from: client)
    }

    private mutating func receive(_ frame: [UInt8], from client: Int) {
        now += .microseconds(10)
        perform(endpoint.receive(frame, from: peer(client), now: now))
    }

    private mutating func perform(_ actions: [DeviceAction]) {
        for action in actions {
            switch action {
            case .transmit(let frame, let peer): judge(frame, to: peer)
            case .execute(let key, let batch, let length): chip.start(key, batch, slicesOf: length)
            case .cancel(let key): chip.cancel(key)
            case .log: break
            }
        }
    }

    /// Holds a frame of the device against FRM-010, REQ-002 and CRD-001, and learns from it.
    private mutating func judge(_ bytes: [UInt8], to peer: PeerID) {
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()) else {
            fatalError("the device sent what is no frame")
        }
        guard let client = clients.firstIndex(where: { PeerID(bytes: [$0.link]) == peer }) else { return }
        let header = frame.header
        if header.type == MessageType.error.rawValue {
            // The link is over; what the client says next on it finds a stranger.
            clients[client].nextFromDevice = 0
            return
        }
        demand(
            header.sequence == clients[client].nextFromDevice || header.sequence == 0,
            "the device's frame \(header.sequence) came where \(clients[client].nextFromDevice) was due")
        clients[client].nextFromDevice = header.sequence + 1
        if header.flags.contains(.final) {
            let left = clients[client].open[header.request, default: 0] - 1
            demand(left >= 0, "request \(header.request) ended twice")
            clients[client].open[header.request] = left
        }
        guard header.status == .ok, let type = MessageType(rawValue: header.type) else { return }
        let fields = (try? ProtobufFields(parsing: frame.payload)) ?? ProtobufFields()
        switch type {
        case .open where header.flags.contains(.response):
            clients[client].session = fields.number(1)
            clients[client].resumeToken = fields.bytes(2)
            clients[client].used = 0
            lastSessions[client] = fields.number(1)
        case .acquire: clients[client].token = UInt32(truncatingIfNeeded: fields.number(1))
        case .result:
            clients[client].used += UInt64(frame.payload.count)
            demand(
                clients[client].used <= clients[client].granted,
                "\(clients[client].used) bytes of RESULT came, \(clients[client].granted) were granted")
        default: break
        }
    }
}

extension FuzzSubject {
    /// A device's side of the protocol; an input is a program.
    static let device = FuzzSubject(
        "device",
        seeds: [
            [9, 0, 5, 250, 0, 1, 0, 10, 1, 1, 4, 4, 4],
            [
                9, 1, 255, 250, 0, 1, 0, 10, 1, 9, 4, 4, 12, 8, 200, 12, 9, 0, 10, 2, 2, 4, 4, 6, 9, 1, 255, 250, 0, 2,
                0,
            ],
            [
                9, 0, 255, 250, 0, 1, 0, 10, 1, 1, 10, 66, 66, 4, 4, 4, 4, 4, 10, 3, 3, 12, 10, 2, 4, 4, 4, 4,
            ],
            [9, 0, 255, 250, 0, 3, 0, 10, 3, 3, 25, 0, 5, 250, 0, 1, 0, 3, 200, 8, 26, 1, 1, 4, 4, 4],
            [9, 0, 5, 250, 0, 1, 0, 2, 7, 1, 0, 0, 4, 2, 9, 11, 3, 1, 4, 5, 1, 6, 12, 18, 0],
        ], run: DeviceProgram.run)
}
