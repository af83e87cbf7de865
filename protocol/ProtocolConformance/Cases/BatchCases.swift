import Substrate
import WireProtocol

/// EXECUTE, results, and that each batch has exactly one: section 10.5.
enum BatchCases {
    static let all = results + keys + names + order + kept + pools + attempts

    private static func batch(
        _ id: String, _ title: String, needs: [ConformanceCase.Need] = [], profile: ConformanceCase.Profile = .core,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .batches, profile: profile, needs: needs, body: body)
    }

    private static let execute = MessageType.execute.rawValue

    private static let results: [ConformanceCase] =
        [(0, 3), (1, 3), (2, 5), (5, 5), (7, 5), (3, 9), (1_000_000, 4)].map { size, entries in
            batch(
                "RES-001/chunks-of-\(size)-for-\(entries)",
                "\(entries) entries in chunks of \(size) come in order, the last one with the rest"
            ) { context in
                let batch = context.batch(entries: entries)
                let client = try context.armed(for: batch)
                let answer = try client.run(batch, chunkEntries: size)
                let due = (entries + max(1, size) - 1) / max(1, size)
                try context.require(answer.chunks.count == due, "\(answer.chunks.count) chunks came, \(due) were due")
            }
        } + [
            batch("RES-001/no-entries", "A batch without entries has one empty chunk") { context in
                let batch = context.batch(entries: 0)
                let answer = try context.armed(for: batch).run(batch)
                try context.require(answer.chunks.count == 1, "\(answer.chunks.count) chunks came")
            },
            batch(
                "RES-001/most-entries", "A batch of as many entries as the device takes has its result", profile: .full
            ) { context in
                let batch = context.batch(
                    entries: min(4_096, context.claims.geometry.maximumEntriesPerBatch), events: 2, membranes: 0..<1)
                try context.armed(for: batch).run(batch, chunkEntries: 256)
            },
            batch("RES-002/done", "DONE states chunks, checksum, costs, hashes and image; everything fits the chunks") {
                context in
                // RawClient holds every result to that.
                let batch = context.batch(entries: 5)
                let answer = try context.armed(for: batch).run(batch, chunkEntries: 2)
                try context.require(
                    answer.summary.number(2) == 1, "DONE states attempt \(answer.summary.number(2)), 1 was asked for")
            },
            batch("RES-002/names-its-image", "DONE names the image that the batch ran on, after each change of it") {
                context in
                let first = context.batch(1)
                let client = try context.armed(for: first)
                for epoch in 1...4 as ClosedRange<UInt32> {
                    if epoch > 1 { try client.write(client.chip.image.map { -$0 }, epoch: epoch) }
                    let answer = try client.run(context.batch(UInt64(epoch)))
                    try context.require(
                        answer.summary.number(8) == UInt64(client.chip.imageChecksum), "DONE names another image")
                    client.send(.ack, ControlPayload.number(client.nextRequest - 1))
                }
            },
            batch("RES-003/nothing-after-done", "After DONE no chunk of that EXECUTE follows") { context in
                let batch = context.batch(entries: 4)
                let client = try context.armed(for: batch)
                let request = try client.run(batch, chunkEntries: 1).done.header.request
                for _ in 0..<20 {
                    guard let message = try client.next(within: .milliseconds(200)) else { return }
                    try context.require(
                        message.header.request != request, "\(message.name) of the same request came after DONE")
                }
            },
            batch("BLK-001/result-validity", "A result sets no validity bit that is not defined") { context in
                let batch = context.batch(entries: 6, events: 40)
                let recording = try context.armed(for: batch).run(batch, chunkEntries: 4).recording
                let wrong = recording.validity.filter { $0.rawValue > 15 }
                try context.require(wrong.isEmpty, "an entry has validity \(wrong.first?.rawValue ?? 0)")
            },
            batch("SPK-002/results-in-order", "Spikes of a result are sorted by tick, then unit, without repetition") {
                context in
                let batch = context.batch(
                    on: context.network(spiking: 16, readouts: 0), entries: 6, events: 60, membranes: 0..<0)
                let recording = try context.armed(for: batch).run(batch, chunkEntries: 3).recording
                try context.require(
                    recording.spikes.eventCount > 6,
                    "only \(recording.spikes.eventCount) spikes came of inputs at the weight limit")
            },
            batch(
                "RES-002/random-batches", "Twenty batches of random size, observables and chunks are all answered well"
            ) { context in
                let network = context.network()
                let client = try context.armed(for: context.batch(on: network))
                for number in 1...20 as ClosedRange<UInt64> {
                    let first = context.random.below(network.neuronCount)
                    let batch = context.batch(
                        number, on: network, entries: context.random.below(9), events: context.random.below(12),
                        spikes: context.random.below(3) > 0,
                        membranes: context.random.below(3) > 0
                            ? first..<first + 1 + context.random.below(network.neuronCount - first) : 0..<0)
                    let size = 1 + context.random.below(4)
                    try client.run(batch, chunkEntries: size)
                    client.send(.ack, ControlPayload.number(client.nextRequest - 1))
                }
            },
            batch("REQ-002/execute-reply", "EXECUTE is answered at once with batch and state, then with the result") {
                context in
                let batch = context.batch()
                let answer = try context.armed(for: batch).run(batch)
                try context.require(
                    1...3 ~= answer.reply.number(2), "the state in ExecuteReply is \(answer.reply.number(2))")
            },
        ]

    private static let keys: [ConformanceCase] = [
        batch(
            "EXE-001/repeated-ten-times",
            "A batch that is executed ten times more runs once; each time the same bytes come, as DUPLICATE"
        ) { context in
            let batch = context.batch(entries: 4)
            let client = try context.armed(for: batch)
            let before = try client.health().number(5)
            let first = try client.run(batch, chunkEntries: 2)
            try context.require(!first.isDuplicate, "the first result is a DUPLICATE")
            for _ in 0..<10 {
                try client.stage(batch)
                let again = try client.result(of: client.execute(batch, chunkEntries: 2), batch, chunkEntries: 2)
                try context.require(again.isDuplicate, "a kept result has no DUPLICATE")
                try context.require(again.bytes == first.bytes, "a kept result has other bytes")
            }
            let after = try client.health().number(5)
            try context.require(after == before + 1, "the batch ran \(after - before) times")
        },
        batch("EXE-001/result-is-marked", "A kept result is marked DUPLICATE, a fresh one is not") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try context.require(!(try client.run(batch).isDuplicate), "a fresh result is marked")
            let again = try client.result(of: client.execute(batch, slot: nil), batch)
            try context.require(again.isDuplicate, "a kept result is not marked")
        },
        batch(
            "EXE-001/other-content",
            "The same number with another content: DUPLICATE_MISMATCH, and the kept result stays"
        ) { context in
            let batch = context.batch(1)
            let client = try context.armed(for: batch)
            try client.run(batch)
            let other = context.batch(1, entries: 3)
            try client.stage(other)
            try client.refusal(of: client.execute(other), execute, [.duplicateMismatch])
            _ = try client.result(of: client.execute(batch, slot: nil), batch)
        },
        batch("EXE-001/other-observables", "Other observables are another content") { context in
            let batch = context.batch(1)
            let client = try context.armed(for: batch)
            try client.run(batch)
            var other = batch
            other.observables.membranes = 0..<1
            try client.stage(other)
            try client.refusal(of: client.execute(other), execute, [.duplicateMismatch])
        },
        batch("EXE-001/other-run", "The same number in another run is another batch") { context in
            let batch = context.batch(1)
            let first = try context.armed(for: batch)
            try first.run(batch)
            try first.ok(.release)
            let second = try context.armed(for: batch)
            try context.require(!(try second.run(batch).isDuplicate), "another run's result came")
        },
        batch(
            "EXE-001/content-of-a-detached-session-yields",
            "Held by a detached session, the new content takes its place"
        ) { context in
            let batch = context.batch(1)
            let first = try context.armed(for: batch)
            try first.run(batch)
            first.send(.ping, alter: { $0[0] ^= 1 })
            try first.expectEnd([.badMagic])
            let second = try context.greeted()
            try second.open(run: first.run)
            try second.acquire()
            second.chip = first.chip
            let other = context.batch(1, entries: 3)
            try second.stage(other)
            _ = try second.result(of: second.execute(other), other)
        },
        batch(
            "EXE-001/result-over-a-lost-link",
            "A batch whose link broke is fetched over a fresh one, without running again"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let before = try client.health().number(5)
            try client.stage(batch)
            try client.check(try client.response(to: client.execute(batch)), is: .execute)
            client.close()
            let (again, _) = try context.resumed(client)
            _ = try again.result(of: again.execute(batch, slot: nil), batch)
            let after = try again.health().number(5)
            try context.require(after == before + 1, "the batch ran \(after - before) times")
        },
        batch("EXE-001/largest-number", "Batch numbers have 64 bits") { context in
            for number in [0, UInt64.max, 1 << 63] {
                let batch = context.batch(number)
                try context.freed().armed(for: batch).run(batch)
            }
        },
    ]

    private static let nameChanges: [(String, WireStatus, @Sendable (inout ProtobufFields) -> Void)] = [
        ("configuration", .epochMismatch, { $0.set(4, .bytes(Array(repeating: 7, count: 32))) }),
        ("configuration-missing", .epochMismatch, { $0.set(4, nil) }),
        ("epoch", .epochMismatch, { $0.set(5, .varint(2)) }),
        ("epoch-zero", .epochMismatch, { $0.set(5, nil) }),
        ("image", .epochMismatch, { $0.set(6, .fixed32(1)) }),
        ("content", .invalid, { $0.set(9, .bytes(Array(repeating: 7, count: 32))) }),
        ("content-missing", .invalid, { $0.set(9, nil) }),
        ("content-short", .invalid, { $0.set(9, .bytes(Array($0.bytes(9).dropLast()))) }),
    ]

    private static let names: [ConformanceCase] =
        nameChanges.map { name, status, change in
            batch(
                "EXE-002/wrong-\(name)",
                "EXECUTE that names another \(name) than the device holds is refused with \(status)"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                try client.refusal(of: client.execute(batch, edit: { change(&$0) }), execute, [status])
                _ = try client.result(of: client.execute(batch), batch)
            }
        } + [
            batch(
                "EXE-002/other-inputs-than-hashed",
                "EXECUTE of inputs that are not those of its content hash is INVALID"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.stage(context.batch(entries: 3))
                try client.refusal(of: client.execute(batch), execute, [.invalid])
            },
            batch("EXE-002/failed-pipeline", "When an earlier request of a pipeline fails, the batch fails too") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var image = batch.synapses.codes
                image[0] = 0
                client.chip.image = image
                client.chip.epoch = 2
                let weights = client.send(.weights, [0, 0, 0])
                let commit = client.send(
                    .commit, ControlPayload.commit(epoch: 2, imageChecksum: client.chip.imageChecksum).encoded())
                let stage = client.send(.stage, ControlPayload.stage(batch, slot: 0))
                let request = client.execute(batch)
                try client.refusal(of: weights, MessageType.weights.rawValue, [.malformed])
                try client.refusal(of: commit, MessageType.commit.rawValue, [.epochMismatch])
                try client.check(try client.response(to: stage), is: .stage)
                try client.refusal(of: request, execute, [.epochMismatch])
            },
            batch(
                "EXE-002/accepted-batches-keep-their-epoch",
                "WEIGHTS and COMMIT after EXECUTE do not touch the batch that was accepted", needs: [.emulator]
            ) { context in
                let batch = context.batch(3, entries: 6)
                let client = try context.armed(for: batch)
                let alone = try client.run(batch).bytes
                try client.end()
                let again = try context.armed(for: batch)
                let written = again.chip
                try again.stage(batch)
                let request = again.execute(batch)
                let other = batch.synapses.codes.map { -$0 }
                let weights = again.send(.weights, ControlPayload.fullWeights(other, epoch: 2))
                let commit = again.send(
                    .commit, ControlPayload.commit(epoch: 2, imageChecksum: CRC32C.checksum(image: other)).encoded())
                let result = try again.result(of: request, batch)
                try context.require(
                    again.chip.epoch == written.epoch && result.bytes == alone, "the batch ran on the new image")
                try again.check(try again.response(to: weights), is: .weights)
                try again.check(try again.response(to: commit), is: .commit)
            },
            batch("EXE-002/forgotten", "EXECUTE without a slot of a batch that is not held: FORGOTTEN") { context in
                let batch = context.batch(77)
                let client = try context.armed(for: batch)
                try client.refusal(of: client.execute(batch, slot: nil), execute, [.forgotten])
            },
        ]

    private static let order: [ConformanceCase] = [
        batch("EXE-003/in-order-of-acceptance", "Batches end in the order in which they were accepted") { context in
            let client = try context.leased()
            let batches = (1...UInt64(min(2, client.agreed.slots))).map { context.batch($0, entries: 6) }
            try client.arm(batches[0])
            for (slot, batch) in batches.enumerated() { try client.stage(batch, slot: slot) }
            let requests = batches.enumerated().map { client.execute($1, slot: $0) }
            for (request, batch) in zip(requests, batches) { _ = try client.result(of: request, batch) }
            var seen: Set<UInt64> = []
            let times = context.capture.records.compactMap { record -> UInt64? in
                guard case .received(let frame) = record.event, let header = try? FrameHeader(parsing: frame),
                    header.type == MessageType.done.rawValue, seen.insert(header.sequence).inserted
                else { return nil }
                return header.request
            }
            try context.require(
                times == requests, "DONE came for requests \(times), in that order; \(requests) was due")
        },
        batch("EXE-003/busy-beyond-the-slots", "More batches at a time than there are slots: BUSY") { context in
            let long = context.longBatch(1)
            let client = try context.armed(for: long)
            try client.stage(long)
            var requests = [client.execute(long, chunkEntries: 512)]
            for number in 2...UInt64(client.agreed.slots + 1) {
                let next = DeviceBatch(
                    id: number, configuration: long.configuration, synapses: long.synapses, inputs: long.inputs,
                    observables: long.observables)
                try client.stage(next)
                requests.append(client.execute(next, chunkEntries: 512))
            }
            let last = try client.response(to: requests[requests.count - 1])
            if last.header.status == .ok {
                throw CaseStop.undecided("the first batch was done before the last one was sent")
            }
            try context.require(last.header.status == .busy && last.isFinal, "\(last.name) came where BUSY was due")
            for number in 1...UInt64(client.agreed.slots) { try client.ok(.cancel, ControlPayload.number(number)) }
        },
        batch("EXE-003/busy-beyond-the-results-kept", "More results than are kept: BUSY until one is acknowledged") {
            context in
            let client = try context.leased()
            let most = min(client.agreed.resultsKept, 64)
            guard most == client.agreed.resultsKept else {
                throw CaseStop.skipped("the device keeps \(client.agreed.resultsKept) results")
            }
            try client.arm(context.batch())
            for number in 1...UInt64(most) { try client.run(context.batch(number)) }
            let next = context.batch(1_000)
            try client.stage(next)
            try client.refusal(of: client.execute(next), execute, [.busy])
            client.send(.ack, ControlPayload.number(client.nextRequest - 2))
            _ = try client.result(of: client.execute(next), next)
        },
    ]

    private static let kept: [ConformanceCase] = [
        batch("EXE-004/kept-until-ack", "A result is kept until ACK, and gone afterwards") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            let request = client.execute(batch, slot: nil)
            _ = try client.result(of: request, batch)
            client.send(.ack, ControlPayload.number(request))
            try client.refusal(of: client.execute(batch, slot: nil), execute, [.forgotten])
        },
        batch("EXE-004/ack-of-lower-requests", "ACK frees results up to the request that it names, and no others") {
            context in
            let client = try context.leased()
            let batches = [context.batch(1), context.batch(2)]
            try client.arm(batches[0])
            var requests: [UInt64] = []
            for batch in batches {
                try client.stage(batch)
                requests.append(client.execute(batch))
                _ = try client.result(of: requests[requests.count - 1], batch)
            }
            client.send(.ack, ControlPayload.number(requests[0]))
            try client.refusal(of: client.execute(batches[0], slot: nil), execute, [.forgotten])
            _ = try client.result(of: client.execute(batches[1], slot: nil), batches[1])
        },
        batch("EXE-004/ack-ten-times", "ACK may be repeated") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            for _ in 0..<10 { client.send(.ack, ControlPayload.number(client.nextRequest - 1)) }
            try client.settle()
            try client.refusal(of: client.execute(batch, slot: nil), execute, [.forgotten])
        },
        batch("EXE-004/kept-over-resumption", "A result is kept while the session is resumed") { context in
            let batch = context.batch()
            var client = try context.armed(for: batch)
            let first = try client.run(batch)
            for _ in 0..<3 {
                client = try context.resumed(client).client
                let again = try client.result(of: client.execute(batch, slot: nil), batch)
                try context.require(again.isDuplicate && again.bytes == first.bytes, "another result came")
            }
        },
        batch("EXE-004/listed-until-ack", "LIST names a result until ACK") { context in
            let batch = context.batch(9)
            let client = try context.armed(for: batch)
            try context.require(try client.ok(.list).fields().messages(1).isEmpty, "LIST names batches of a new run")
            try client.run(batch)
            let held = try client.ok(.list).fields().messages(1)
            try context.require(
                held.count == 1 && held[0].number(1) == 9 && held[0].number(2) == 3,
                "LIST does not name batch 9 as done")
            client.send(.ack, ControlPayload.number(client.nextRequest - 2))
            try context.require(
                try client.ok(.list).fields().messages(1).isEmpty, "LIST names a result that was acknowledged")
        },
        batch("EXE-004/new-content-after-ack", "After ACK the number may have another content") { context in
            let batch = context.batch(1)
            let client = try context.armed(for: batch)
            try client.run(batch)
            client.send(.ack, ControlPayload.number(client.nextRequest - 1))
            let other = context.batch(1, entries: 4)
            try context.require(!(try client.run(other).isDuplicate), "a kept result came")
        },
    ]

    /// A batch that was accepted a moment ago, and the number of its EXECUTE.
    private static func underWay(
        _ context: CaseContext
    ) throws -> (client: RawClient, batch: DeviceBatch, request: UInt64) {
        let entries = min(128, context.claims.geometry.maximumEntriesPerBatch)
        let batch = context.batch(entries: entries, events: min(20, context.claims.geometry.maximumEventsPerEntry / 4))
        let client = try context.armed(for: batch)
        try client.stage(batch)
        return (client, batch, client.execute(batch, chunkEntries: 64))
    }

    private static let pools: [ConformanceCase] = [
        batch(
            "RES-001/repeated-in-the-first-chunks",
            "An EXECUTE that asks for a batch again gets the chunks of the first one, whatever it asks for"
        ) { context in
            let batch = context.batch(entries: 5)
            let client = try context.armed(for: batch)
            let first = try client.run(batch, chunkEntries: 2)
            for size in [1, 5, 0] {
                let request = client.execute(batch, slot: nil, chunkEntries: size)
                let again = try client.result(of: request, batch, chunkEntries: 2)
                try context.require(again.bytes == first.bytes, "the chunks are other ones")
            }
        },
        batch(
            "CFG-008/third-configuration",
            "Accepted batches keep their configuration, whatever is written meanwhile; what finds no place gets BUSY"
        ) { context in
            let (client, batch, request) = try underWay(context)
            let networks = (2...6 as ClosedRange<UInt64>).map { context.network(seed: $0) }
            let requests = networks.map { client.send(.configure, ControlPayload.configure($0).encoded()) }
            for request in requests {
                let answer = try client.response(to: request)
                try context.require([.ok, .busy].contains(answer.header.status), "\(answer.name) came for CONFIGURE")
            }
            // The batch is held against the configuration that it was accepted on.
            _ = try client.result(of: request, batch, chunkEntries: 64, within: RawClient.longBatchLimit)
            let next = context.batch(2, on: context.network(seed: 9))
            try client.arm(next)
            try client.run(next)
        },
        batch("CFG-008/many-images", "Accepted batches keep their image, whatever is written meanwhile") { context in
            let (client, batch, request) = try underWay(context)
            let count = batch.configuration.synapseCount
            let requests = (2...8 as ClosedRange<UInt32>).map { epoch -> (UInt64, UInt64) in
                let image = Array(repeating: Int8(epoch), count: count)
                let commit = ControlPayload.commit(epoch: epoch, imageChecksum: CRC32C.checksum(image: image))
                return (
                    client.send(.weights, ControlPayload.fullWeights(image, epoch: epoch)),
                    client.send(.commit, commit.encoded())
                )
            }
            for (weights, commit) in requests {
                let answers = (try client.response(to: weights), try client.response(to: commit))
                // Where there is no place for the image there is nothing to commit.
                try context.require(
                    answers.0.header.status == .ok && answers.1.header.status == .ok
                        || answers.0.header.status == .busy && answers.1.header.status == .epochMismatch,
                    "WEIGHTS was answered by \(answers.0.name), COMMIT by \(answers.1.name)")
            }
            _ = try client.result(of: request, batch, chunkEntries: 64, within: RawClient.longBatchLimit)
        },
        ConformanceCase(
            "EXE-002/on-a-blank-chip", "On a blank chip WEIGHTS, COMMIT, STAGE and EXECUTE are EPOCH_MISMATCH",
            in: .batches, needs: [.restart]
        ) { context in
            guard context.target.restart() else { throw CaseStop.undecided("the restart did not work") }
            let batch = context.batch()
            let client = try context.leased()
            try client.refused(.weights, ControlPayload.fullWeights(batch.synapses.codes, epoch: 1), [.epochMismatch])
            try client.refused(.commit, ControlPayload.commit(epoch: 1, imageChecksum: 1).encoded(), [.epochMismatch])
            try client.refused(.stage, ControlPayload.stage(batch, slot: 0), [.epochMismatch])
            try client.refusal(of: client.execute(batch), MessageType.execute.rawValue, [.epochMismatch])
            try client.arm(batch)
            try client.run(batch)
        },
    ]

    private static let attempts: [ConformanceCase] = [
        batch("EXE-006/attempt-does-not-matter", "A result does not depend on the attempt", needs: [.emulator]) {
            context in
            let batch = context.batch(11, entries: 5)
            let client = try context.armed(for: batch)
            var seen: Set<[[UInt8]]> = []
            for attempt in 1...3 {
                try client.stage(batch)
                let request = client.execute(batch, attempt: attempt)
                let answer = try client.result(of: request, batch)
                try context.require(
                    answer.summary.number(2) == UInt64(attempt),
                    "DONE states attempt \(answer.summary.number(2)) of \(attempt)")
                seen.insert(answer.bytes)
                client.send(.ack, ControlPayload.number(request))
            }
            try context.require(seen.count == 1, "three attempts gave \(seen.count) results")
        },
        batch(
            "EXE-006/history-does-not-matter",
            "On an emulated chip a result depends on content and number only, not on what ran before",
            needs: [.emulator]
        ) { context in
            let batch = context.batch(12, entries: 5)
            let alone = try context.armed(for: batch).run(batch).bytes
            let client = try context.freed().armed(for: batch)
            for number in 100...103 as ClosedRange<UInt64> {
                try client.run(context.batch(number, entries: 3))
                client.send(.ack, ControlPayload.number(client.nextRequest - 1))
            }
            try context.require(try client.run(batch).bytes == alone, "after other batches the result was another one")
        },
        ConformanceCase(
            "EXE-006/restart-does-not-matter", "On an emulated chip the result is the same after a restart",
            in: .batches, needs: [.emulator, .restart]
        ) { context in
            let batch = context.batch(13, entries: 5)
            let before = try context.armed(for: batch).run(batch).bytes
            guard context.target.restart() else { throw CaseStop.undecided("the restart did not work") }
            let after = try context.armed(for: batch).run(batch)
            try context.require(
                !after.isDuplicate && after.bytes == before, "after a restart the result was another one")
        },
    ]
}
