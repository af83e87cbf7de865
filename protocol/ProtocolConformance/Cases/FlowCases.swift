import Substrate
import WireProtocol

/// Credit (section 10.6) and cancellation (section 10.5).
enum FlowCases {
    static let all = credit + halfSent + cancellation

    private static let execute = MessageType.execute.rawValue

    private static func flow(
        _ id: String, _ title: String, _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .flowControl, body: body)
    }

    private static func cancel(
        _ id: String, _ title: String, _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .cancellation, body: body)
    }

    /// A batch that is done, none of whose result may be sent yet, and the number of its EXECUTE.
    private static func blocked(
        _ context: CaseContext, credit: UInt64, entries: Int = 8
    ) throws -> (client: RawClient, batch: DeviceBatch, request: UInt64) {
        let batch = context.batch(entries: entries)
        let client = try context.leased(credit: credit)
        try client.arm(batch)
        try client.stage(batch)
        let request = client.execute(batch, chunkEntries: 1)
        try client.awaitDone(batch)
        return (client, batch, request)
    }

    /// Payload bytes of all RESULT frames so far on a link, by the capture; a frame that the link repeats counts once.
    private static func resultBytes(_ context: CaseContext, _ client: RawClient) -> Int {
        var seen: Set<UInt64> = []
        return context.capture.records.reduce(0) { sum, record in
            guard record.link == client.number, case .received(let frame) = record.event,
                let header = try? FrameHeader(parsing: frame), header.type == MessageType.result.rawValue,
                header.status == .ok, seen.insert(header.sequence).inserted
            else { return sum }
            return sum + Int(header.payloadLength)
        }
    }

    private static let credit: [ConformanceCase] = [
        flow("CRD-001/none-without-credit", "Without credit no RESULT is sent, and all else is") { context in
            let (client, batch, request) = try blocked(context, credit: 0)
            try client.ok(.describe)
            try client.settle()
            try context.require(
                resultBytes(context, client) == 0, "\(resultBytes(context, client)) bytes of RESULT came without credit"
            )
            client.send(.credit, ControlPayload.number(1 << 30))
            let again = client.execute(batch, slot: nil, chunkEntries: 1)
            _ = try client.result(of: again, batch, chunkEntries: 1)
            _ = request
        },
        flow("CRD-001/credit-releases", "CREDIT lets the results flow that were waiting for it") { context in
            let batch = context.batch(entries: 8)
            let client = try context.leased(credit: 0)
            try client.arm(batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 1)
            client.send(.credit, ControlPayload.number(1 << 30))
            _ = try client.result(of: request, batch, chunkEntries: 1)
        },
        flow("CRD-001/one-byte-short", "With a byte less than a chunk takes, the chunk is not sent") { context in
            let batch = context.batch(entries: 1)
            let probe = try context.armed(for: batch)
            let size = try probe.run(batch).chunks[0].payload.count
            let (client, _, _) = try blocked(context.freed(), credit: UInt64(size - 1), entries: 1)
            try client.settle()
            let sent = resultBytes(context, client)
            try context.require(sent <= size - 1, "\(sent) bytes of RESULT came, \(size - 1) were granted")
        },
        flow(
            "CRD-001/never-beyond",
            "In steps of random size, RESULT never goes beyond what was granted, and all arrives"
        ) { context in
            let (client, batch, request) = try blocked(context, credit: 100, entries: 12)
            var granted = 100
            var steps = 0
            while steps < 400 {
                try client.settleKeeping()
                let sent = resultBytes(context, client)
                try context.require(sent <= granted, "\(sent) bytes of RESULT came, \(granted) were granted")
                if client.hasFinal(for: request) { break }
                granted += 1 + context.random.below(400)
                steps += 1
                client.send(.credit, ControlPayload.number(granted))
            }
            _ = try client.result(of: request, batch, chunkEntries: 1)
        },
        flow("CRD-001/total-not-increment", "CREDIT states a total: the same one again, ten times, grants nothing more")
        { context in
            let (client, _, _) = try blocked(context, credit: 0)
            for _ in 0..<10 { client.send(.credit, ControlPayload.number(200)) }
            try client.settle()
            try context.require(
                resultBytes(context, client) <= 200,
                "\(resultBytes(context, client)) bytes of RESULT came, 200 were granted")
        },
        flow("CRD-001/lower-total", "A lower total than before takes nothing back and grants nothing") { context in
            let (client, batch, request) = try blocked(context, credit: 0)
            client.send(.credit, ControlPayload.number(150))
            client.send(.credit, ControlPayload.number(10))
            try client.settleKeeping()
            try context.require(resultBytes(context, client) <= 150, "more came than 150 bytes")
            client.send(.credit, ControlPayload.number(1 << 30))
            _ = try client.result(of: request, batch, chunkEntries: 1)
        },
        flow("CRD-001/total-since-open", "The total counts from OPEN, its grant included, also after a resumption") {
            context in
            let (old, batch, _) = try blocked(context, credit: 1 << 30)
            let (client, _) = try context.resumed(old, credit: 0)
            let request = client.execute(batch, slot: nil, chunkEntries: 1)
            try client.check(try client.response(to: request), is: .execute)
            try client.settle()
            try context.require(resultBytes(context, client) == 0, "the credit of the former link is still used")
        },
        flow("CRD-001/split-chunks-count-too", "Fragments of a chunk take credit one by one") { context in
            var limits = WireLimits()
            limits.framePayload = 2_048
            let batch = context.batch(entries: 24, events: 40)
            let client = try context.leased(limits: limits, credit: 5_000)
            try client.arm(batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 24)
            try client.awaitDone(batch)
            try client.settleKeeping()
            let sent = resultBytes(context, client)
            try context.require(sent <= 5_000, "\(sent) bytes of RESULT came, 5000 were granted")
            client.send(.credit, ControlPayload.number(1 << 30))
            _ = try client.result(of: request, batch, chunkEntries: 24)
        },
    ]

    /// A batch whose only chunk is half sent: one frame of it has come, there is no credit for more.
    private static func halfSent(
        _ context: CaseContext
    ) throws -> (client: RawClient, batch: DeviceBatch, request: UInt64) {
        var limits = WireLimits()
        limits.framePayload = 2_048
        let batch = context.batch(entries: 96, events: 20)
        let client = try context.leased(limits: limits, credit: 2_048)
        try client.arm(batch)
        try client.stage(batch)
        let request = client.execute(batch, chunkEntries: 96)
        try client.awaitDone(batch)
        try client.settleKeeping()
        let sent = resultBytes(context, client)
        if sent == 0 { throw CaseStop.skipped("the device waits for credit for a whole chunk") }
        try context.require(sent == 2_048, "\(sent) bytes of RESULT came, 2048 were granted")
        return (client, batch, request)
    }

    /// What happens to a chunk that is half sent when its batch is gone: it goes on to its end, and the next one is whole.
    private static let halfSent: [ConformanceCase] = [
        flow("FRM-011/acknowledged-while-half-sent", "A chunk goes on to its end though its result was acknowledged") {
            context in
            let (client, batch, request) = try halfSent(context)
            client.send(.ack, ControlPayload.number(request))
            try client.check(try client.response(to: request), is: .execute)
            try client.refusal(of: request, execute, [.cancelled])
            client.send(.credit, ControlPayload.number(1 << 30))
            let rest = try client.response(to: request)
            try context.require(rest.type == .result, "\(rest.name) came where the rest of a chunk was due")
            var next = batch
            next.id = 2
            try client.run(next, chunkEntries: 96)
        },
        flow("FRM-011/repeated-while-half-sent", "A chunk goes on to its end though its batch was asked for again") {
            context in
            let (client, batch, request) = try halfSent(context)
            let again = client.execute(batch, slot: nil, chunkEntries: 96)
            try client.check(try client.response(to: request), is: .execute)
            try client.refusal(of: request, execute, [.cancelled])
            client.send(.credit, ControlPayload.number(1 << 30))
            let rest = try client.response(to: request)
            try context.require(rest.type == .result, "\(rest.name) came where the rest of a chunk was due")
            _ = try client.result(of: again, batch, chunkEntries: 96)
        },
        flow("FRM-011/resumed-while-half-sent", "A chunk that was half sent on a former link begins anew") { context in
            let (old, batch, _) = try halfSent(context)
            let (client, _) = try context.resumed(old)
            _ = try client.result(of: client.execute(batch, slot: nil, chunkEntries: 96), batch, chunkEntries: 96)
        },
    ]

    private static let cancellation: [ConformanceCase] = [
        cancel("EXE-005/unknown", "CANCEL of a batch that is not held is answered CANCELLED") { context in
            let client = try context.opened()
            for _ in 0..<10 {
                let reply = try client.ok(.cancel, ControlPayload.number(5)).fields()
                try context.require(
                    reply.number(1) == 5 && reply.number(2) == 4, "batch \(reply.number(1)) in state \(reply.number(2))"
                )
            }
        },
        cancel("EXE-005/done", "CANCEL of a batch that is done is answered DONE, and the result stays") { context in
            let batch = context.batch(3)
            let client = try context.armed(for: batch)
            try client.run(batch)
            let reply = try client.ok(.cancel, ControlPayload.number(3)).fields()
            try context.require(reply.number(2) == 3, "the state is \(reply.number(2)), not DONE")
            _ = try client.result(of: client.execute(batch, slot: nil), batch)
        },
        cancel("EXE-005/running", "CANCEL of a running batch is answered at once, and EXECUTE ends with CANCELLED") {
            context in
            let batch = context.longBatch(4)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            try client.check(try client.response(to: request), is: .execute)
            let start = context.now
            let reply = try client.ok(.cancel, ControlPayload.number(4)).fields()
            try context.require(
                context.now - start < .milliseconds(500),
                "CANCEL was answered after \((context.now - start).inSeconds) s")
            if reply.number(2) == 3 { throw CaseStop.undecided("the batch was done before CANCEL came") }
            try client.cancelled(request)
            let held = try client.ok(.list).fields().messages(1)
            try context.require(
                !held.contains { $0.number(1) == 4 && $0.number(2) != 4 }, "the cancelled batch is still listed")
        },
        cancel("EXE-005/queued", "CANCEL of a queued batch ends it, and the one before it goes on") { context in
            let first = context.longBatch(1)
            let client = try context.armed(for: first)
            guard client.agreed.slots >= 2 else { throw CaseStop.skipped("the device has one slot") }
            var second = first
            second.id = 2
            try client.stage(first, slot: 0)
            try client.stage(second, slot: 1)
            let one = client.execute(first, slot: 0, chunkEntries: 512)
            let two = client.execute(second, slot: 1, chunkEntries: 512)
            try client.check(try client.response(to: two), is: .execute)
            let reply = try client.ok(.cancel, ControlPayload.number(2)).fields()
            if reply.number(2) == 3 { throw CaseStop.undecided("both batches were done before CANCEL came") }
            try client.refusal(of: two, execute, [.cancelled])
            _ = try client.result(of: one, first, chunkEntries: 512, within: RawClient.longBatchLimit)
        },
        cancel("EXE-005/ten-times", "CANCEL may be repeated; EXECUTE ends once") { context in
            let batch = context.longBatch(4)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            let first = try client.ok(.cancel, ControlPayload.number(4)).fields()
            if first.number(2) == 3 { throw CaseStop.undecided("the batch was done before CANCEL came") }
            for _ in 0..<9 {
                let reply = try client.ok(.cancel, ControlPayload.number(4)).fields()
                try context.require(reply.number(2) == 4, "the state is \(reply.number(2)), not CANCELLED")
            }
            try client.check(try client.response(to: request), is: .execute)
            try client.cancelled(request)
            let more = try client.settle()
            try context.require(!more.contains { $0.header.request == request }, "EXECUTE ended twice")
        },
        cancel("EXE-005/again-with-another-content", "After CANCEL the number is free for another content") { context in
            let long = context.longBatch(4)
            let client = try context.armed(for: long)
            try client.stage(long)
            let request = client.execute(long, chunkEntries: 512)
            if try client.ok(.cancel, ControlPayload.number(4)).fields().number(2) == 3 {
                throw CaseStop.undecided("the batch was done before CANCEL came")
            }
            try client.check(try client.response(to: request), is: .execute)
            try client.cancelled(request)
            var other = long
            other.inputs = SpikeTrains(ends: [0, 0], events: [])
            try client.stage(other)
            let answer = try client.result(of: client.execute(other), other, within: RawClient.longBatchLimit)
            try context.require(!answer.isDuplicate, "a kept result came")
        },
        cancel("EXE-005/no-result-after-cancel", "A cancelled batch sends no result, and is FORGOTTEN") { context in
            let batch = context.longBatch(4)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            if try client.ok(.cancel, ControlPayload.number(4)).fields().number(2) == 3 {
                throw CaseStop.undecided("the batch was done before CANCEL came")
            }
            try client.check(try client.response(to: request), is: .execute)
            try client.cancelled(request)
            try client.refusal(of: client.execute(batch, slot: nil), execute, [.forgotten])
        },
        cancel("EXE-005/without-the-lease", "CANCEL needs no lease") { context in
            let batch = context.longBatch(4)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            try client.ok(.release)
            if try client.ok(.cancel, ControlPayload.number(4)).fields().number(2) == 3 {
                throw CaseStop.undecided("the batch was done before CANCEL came")
            }
            try client.check(try client.response(to: request), is: .execute)
            try client.cancelled(request)
        },
        cancel("EXE-005/other-run", "CANCEL reaches the batches of the own run only") { context in
            let batch = context.longBatch(4)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            try client.settleKeeping()
            let other = try context.opened()
            try context.require(
                try other.ok(.cancel, ControlPayload.number(4)).fields().number(2) == 4, "another run's batch is named")
            _ = try client.result(of: request, batch, chunkEntries: 512, within: RawClient.longBatchLimit)
        },
        cancel("EXE-005/chip-goes-on", "After a running batch was cancelled the next one runs") { context in
            let long = context.longBatch(1)
            let client = try context.armed(for: long)
            try client.stage(long)
            let request = client.execute(long, chunkEntries: 512)
            _ = try client.ok(.cancel, ControlPayload.number(1))
            var next = long
            next.id = 2
            next.inputs = SpikeTrains(ends: [0], events: [])
            try client.stage(next)
            _ = try client.result(of: client.execute(next), next, within: RawClient.longBatchLimit)
            _ = request
        },
    ]
}
