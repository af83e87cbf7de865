import Substrate
import WireProtocol

/// Input that nobody sends in good faith. Whatever the device makes of it, it has to be alive and sane afterwards.
enum HostileCases {
    static let all = noise + mutations + floods

    private static func hostile(
        _ id: String, _ title: String, profile: ConformanceCase.Profile = .core,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .hostile, profile: profile, hostile: true, body: body)
    }

    private static let noise: [ConformanceCase] =
        [64, 68, 200, 4_096].map { size in
            hostile(
                "FRM-001/noise-of-\(size)-bytes",
                "Fifty frames of \(size) random bytes end their link with BAD_MAGIC or NO_SESSION, and nothing else happens"
            ) { context in
                let client = try context.opened()
                client.transmit(context.random.bytes(size))
                try client.expectEnd([.badMagic])
                client.forgetEnding()
                for _ in 0..<49 { client.transmit(context.random.bytes(size)) }
                let other = try context.opened()
                try other.settle()
            }
        } + [
            hostile(
                "FRM-002/half-a-gigabyte", "A frame that announces half a gigabyte is refused without waiting for it"
            ) { context in
                let client = try context.opened()
                client.send(
                    .ping,
                    alter: {
                        $0.store(littleEndian: UInt32(1 << 29), at: 8)
                        $0.store(littleEndian: UInt32(1 << 29), at: 48)
                        FramingCases.seal(&$0)
                    })
                try client.expectEnd([.tooLarge])
            },
            hostile("FRM-012/fragments-of-a-byte", "A message in a hundred fragments of a byte is put together") {
                context in
                let client = try context.opened()
                var fields = ProtobufFields()
                fields.add(1, 5)
                fields.add(100, bytes: context.random.bytes(95))
                let payload = fields.encoded()
                let request = client.send(
                    MessageType.cancel.rawValue, payload, sizes: Array(repeating: 1, count: payload.count))
                try client.check(try client.response(to: request), is: .cancel)
            },
            hostile("FRM-012/never-completed", "Messages that are begun and never completed do no harm") { context in
                for _ in 0..<30 {
                    let client = try context.opened()
                    client.send(
                        MessageType.cancel.rawValue, context.random.bytes(30_000), sizes: [30_000],
                        edit: {
                            ($1.totalLength, $1.fragmentCount) = (60_000, 2)
                        })
                    try client.end()
                    client.close()
                }
            },
            hostile(
                "FRM-012/never-completed-hello",
                "A HELLO in fragments ends its link: it has to fit into one frame, whatever is announced"
            ) { context in
                let client = try context.link()
                client.send(
                    MessageType.hello.rawValue, context.random.bytes(1_000), sizes: [1_000],
                    edit: {
                        ($1.totalLength, $1.fragmentCount) = (60_000, 60)
                    })
                client.send(.ping)
                guard let error = try client.awaitEnding() else { throw CaseStop.failed("the link goes on") }
                try context.require(
                    [.badFragment, .noSession, .state, .tooLarge].contains(error.header.status),
                    "the link ended with \(error.header.status)")
            },
        ]

    /// Kinds of requests whose payloads are damaged at random, under right checksums.
    private static let mutations: [ConformanceCase] =
        [MessageType.configure, .weights, .commit, .stage, .execute, .acquire, .cancel].map { type in
            hostile(
                "REQ-006/damaged-\(type)", "\(type) with a random bit flipped, two hundred times, is answered each time"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let good = payload(of: type, batch, client)
                try context.each(Array(0..<200), { "round \($0)" }) { round in
                    var bytes = good
                    for _ in 0...context.random.below(3) {
                        bytes[context.random.below(bytes.count)] ^= 1 << UInt8(context.random.below(8))
                    }
                    if round % 10 == 9 { bytes.removeLast(1 + context.random.below(bytes.count)) }
                    let request = client.send(type, bytes)
                    // A damaged lease request may be a right one for another time.
                    let first = try client.response(to: request)
                    if first.header.status == .ok, !first.isFinal {
                        while try !client.response(to: request, within: .seconds(20)).isFinal {}
                    }
                    if type == .acquire, first.header.status == .ok {
                        client.token = UInt32(truncatingIfNeeded: try first.fields().number(1))
                    }
                    if type == .acquire { try client.acquire(milliseconds: 30_000) }
                }
            }
        } + [
            hostile(
                "FRM-006/damaged-frames",
                "A hundred links whose frames are damaged at random end, or go on; the device does"
            ) { context in
                try context.each(Array(0..<100), { "round \($0)" }) { _ in
                    let client = try context.opened()
                    client.send(
                        .cancel, [8, 1, 0x12, 3, 1, 2, 3],
                        alter: { frame in
                            for _ in 0...context.random.below(4) {
                                frame[context.random.below(frame.count)] ^= 1 << UInt8(context.random.below(8))
                            }
                            if context.random.below(2) == 0 { FramingCases.seal(&frame) }
                        })
                    _ = try? client.next()
                    try client.end()
                    client.close()
                }
            },
            hostile(
                "SPK-004/random-blocks", "STAGE of two hundred random blocks is refused or taken, never anything else"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                for _ in 0..<200 {
                    var block = ControlPayload.stage(batch, slot: 0)
                    let from = 24 + context.random.below(block.count - 24)
                    block.replaceSubrange(from..., with: context.random.bytes(context.random.below(300)))
                    let answer = try client.answer(.stage, block)
                    try context.require(
                        [.ok, .malformed, .tooLarge, .reservedNonzero].contains(answer.header.status),
                        "STAGE got \(answer.name)")
                }
                try client.run(batch)
            },
            hostile(
                "CTL-001/random-messages",
                "Random control payloads are refused with MALFORMED, or do what they happen to say"
            ) { context in
                let client = try context.opened()
                for round in 0..<300 {
                    let type: MessageType = round % 2 == 0 ? .cancel : .acquire
                    let answer = try client.answer(type, context.random.bytes(context.random.below(40)))
                    try context.require([.ok, .malformed].contains(answer.header.status), "\(type) got \(answer.name)")
                }
            },
        ]

    private static let floods: [ConformanceCase] = [
        hostile("REQ-004/flood-of-pings", "A hundred PINGs at once are all answered, in order, twenty times over") {
            context in
            let client = try context.opened()
            // A carrier queues what its receiver does not take at once, but not without end: so in tens of rounds.
            for _ in 0..<20 {
                let requests = (0..<100).map { _ in client.send(.ping) }
                for request in requests {
                    try context.require(
                        try client.next()?.header.request == request,
                        "request \(request) was not the next to be answered")
                }
            }
        },
        hostile("FRM-010/flood-of-repetitions", "A frame that comes a thousand times is answered once") {
            context in
            let client = try context.opened()
            let frame = client.frames(MessageType.describe.rawValue, [], sizes: [0])[0]
            client.transmit(frame.bytes)
            try client.check(try client.response(to: frame.request), is: .describe)
            for _ in 0..<10 {
                for _ in 0..<100 { client.transmit(frame.bytes) }
                try context.require(try client.settle().isEmpty, "it was answered more than once")
            }
        },
        hostile(
            "LIM-002/flood-of-links", "Two hundred links that break the protocol at once leave a session unharmed",
            profile: .full
        ) { context in
            let client = try context.leased()
            for round in 0..<200 {
                let bad = try context.link()
                bad.transmit(round % 2 == 0 ? context.random.bytes(100) : [])
                bad.close()
                if round % 20 == 0 { try client.ok(.renew) }
            }
            try client.ok(.renew)
        },
        hostile(
            "EXE-003/random-life",
            "A client that does five hundred allowed things in random order is never misunderstood", profile: .full
        ) { context in
            var life = try RandomLife(context)
            try life.run(steps: 500)
        },
        hostile(
            "EXE-004/random-life-short",
            "A client that does a hundred allowed things in random order is never misunderstood"
        ) { context in
            var life = try RandomLife(context)
            try life.run(steps: 100)
        },
    ]

    private static func payload(of type: MessageType, _ batch: DeviceBatch, _ client: RawClient) -> [UInt8] {
        switch type {
        case .configure: ControlPayload.configure(batch.configuration).encoded()
        case .weights:
            ControlPayload.delta(from: batch.synapses.codes, at: 1, to: batch.synapses.codes.map { -$0 }, epoch: 2)
        case .commit: ControlPayload.commit(epoch: 1, imageChecksum: client.chip.imageChecksum).encoded()
        case .stage: ControlPayload.stage(batch, slot: 0)
        case .execute: ControlPayload.execute(batch, on: client.chip, slot: nil).encoded()
        default: ControlPayload.number(5_000)
        }
    }
}

/// A host that does what it may, in random order, and knows at each step what has to come of it.
private struct RandomLife {
    private let context: CaseContext
    private var client: RawClient
    /// Results that the device keeps, with the first and the last EXECUTE that asked for each.
    private var held: [UInt64: (batch: DeviceBatch, bytes: [[UInt8]], first: UInt64, request: UInt64)] = [:]
    private var nextNumber: UInt64 = 1

    init(_ context: CaseContext) throws {
        self.context = context
        client = try context.armed(for: context.batch())
    }

    mutating func run(steps: Int) throws {
        for _ in 0..<steps {
            switch context.random.below(8) {
            case 0, 1: try executeNew()
            case 2: try fetchHeld()
            case 3: try acknowledge()
            case 4: try changeWeights()
            case 5: try resume()
            case 6: try client.ok(.renew)
            default: try checkList()
            }
        }
    }

    private mutating func executeNew() throws {
        let batch = context.batch(nextNumber, entries: context.random.below(4), image: client.chip.image)
        try client.stage(batch)
        let request = client.execute(batch)
        if held.count >= client.agreed.resultsKept {
            try client.refusal(of: request, MessageType.execute.rawValue, [.busy])
            return
        }
        held[nextNumber] = (batch, try client.result(of: request, batch).bytes, request, request)
        nextNumber += 1
    }

    private mutating func fetchHeld() throws {
        guard let number = held.keys.sorted().randomElement(using: &context.random), let known = held[number],
            known.batch.synapses.codes == client.chip.image
        else { return }
        let request = client.execute(known.batch, slot: nil)
        let answer = try client.result(of: request, known.batch)
        try context.require(
            answer.isDuplicate && answer.bytes == known.bytes, "batch \(number) came back with another result")
        held[number]?.request = request
    }

    private mutating func acknowledge() throws {
        guard var request = held.values.map(\.request).sorted().randomElement(using: &context.random) else { return }
        // A device may keep a result under any request that asked for it: none may be through by halves.
        while let later = held.values.filter({ $0.first <= request && request < $0.request }).map(\.request).max() {
            request = later
        }
        client.send(.ack, ControlPayload.number(request))
        held = held.filter { $0.value.request > request }
    }

    private mutating func changeWeights() throws {
        // Results of another image have another content hash; they are let go first.
        client.send(.ack, ControlPayload.number(client.nextRequest - 1))
        held = [:]
        try client.write(client.chip.image.map { -$0 }, epoch: client.chip.epoch + 1)
    }

    private mutating func resume() throws { client = try context.resumed(client).client }

    private func checkList() throws {
        let listed = try client.ok(.list).fields().messages(1).map { $0.number(1) }.sorted()
        try context.require(
            listed == held.keys.sorted(), "LIST names batches \(listed), held are \(held.keys.sorted())")
    }
}
