import WireProtocol

/// OPEN, CLOSE, resumption; requests and their responses; the form of control messages.
enum SessionCases {
    static let all = opening + resuming + closing + requests + pipelines + unknown + control

    static func session(
        _ id: String, _ title: String, profile: ConformanceCase.Profile = .core, hostile: Bool = false,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .sessions, profile: profile, hostile: hostile, body: body)
    }

    private static let opening: [ConformanceCase] =
        [0, 15, 17, 32].map { count in
            session("OPN-001/run-of-\(count)-bytes", "A run id of \(count) bytes is refused with INVALID") { context in
                let client = try context.greeted()
                try client.refused(
                    .open, ControlPayload.open(run: context.random.bytes(count), label: "x", credit: 0).encoded(),
                    [.invalid])
            }
        } + [
            session("OPN-001/reply", "The reply names a session, a resume token and how long it is good for") {
                context in
                let client = try context.greeted()
                let reply = try client.open()
                try context.require(!reply.bytes(2).isEmpty, "there is no resume token")
                try context.require(reply.number(3) > 0, "the session can be resumed for \(reply.number(3)) ms")
                try context.require(reply.number(4) == 0, "a new session says that it is resumed")
                try context.require(reply.messages(5).isEmpty, "a new run already holds batches")
            },
            session("OPN-001/sessions-differ", "Sessions and resume tokens of one host differ") { context in
                let clients = try (0..<4).map { _ in try context.opened() }
                try context.require(Set(clients.map(\.session)).count == 4, "two sessions have the same number")
                try context.require(
                    Set(clients.map(\.resumeToken)).count == 4, "two sessions have the same resume token")
            },
            session("OPN-001/label-of-any-length", "A long label, and one in any script, is taken") { context in
                try context.opened(label: String(repeating: "label ", count: 200)).settle()
                try context.opened(label: "\u{6E2C}\u{8A66} \u{1F9E0} \u{0394}").settle()
            },
            session("OPN-001/wrong-token-makes-a-new-session", "A resumption with a wrong token makes a new session") {
                context in
                let old = try context.opened()
                let right = old.resumeToken
                old.resumeToken[0] ^= 1
                let client = try context.greeted()
                let reply = try client.open(resuming: old)
                old.resumeToken = right
                try context.require(
                    reply.number(4) == 0 && client.session != old.session, "the session was resumed with a wrong token")
                try old.settle()
            },
            session(
                "OPN-001/short-token-makes-a-new-session",
                "A resumption with the beginning of a token makes a new session"
            ) { context in
                let old = try context.opened()
                let right = old.resumeToken
                old.resumeToken.removeLast()
                let client = try context.greeted()
                let reply = try client.open(resuming: old)
                old.resumeToken = right
                try context.require(reply.number(4) == 0, "the session was resumed with a part of its token")
            },
            session(
                "OPN-001/unknown-session-makes-a-new-one", "A resumption of a session that never was makes a new one"
            ) { context in
                let client = try context.greeted()
                let reply = try ProtobufFields(
                    parsing: client.ok(
                        .open,
                        ControlPayload.open(
                            run: context.random.bytes(16), label: "x", credit: 0, resuming: 0x1234_5678,
                            with: context.random.bytes(16)
                        ).encoded()
                    ).payload)
                client.session = reply.number(1)
                client.resumeToken = reply.bytes(2)
                try context.require(reply.number(4) == 0, "a session that never was is resumed")
            },
            session("OPN-001/other-run-makes-a-new-session", "A resumption that names another run makes a new session")
            { context in
                let old = try context.opened()
                let client = try context.greeted()
                let reply = try client.open(run: context.random.bytes(16), resuming: old)
                try context.require(reply.number(4) == 0, "a session was resumed for another run")
            },
        ]

    private static let resuming: [ConformanceCase] = [
        session("OPN-001/resumed", "A session is resumed on a fresh link") { context in
            let old = try context.opened()
            let (client, _) = try context.resumed(old)
            try client.settle()
        },
        session("OPN-001/resumed-ten-times", "A session may be resumed again and again") { context in
            var client = try context.opened()
            for _ in 0..<10 { client = try context.resumed(client).client }
            try client.settle()
        },
        session(
            "OPN-002/former-link", "A resumed session has left its former link: frames from there get NO_SESSION",
            hostile: true
        ) { context in
            // A cable's former link is no more.
            guard context.target.sharing != .one else { throw CaseStop.skipped("the target has one link at a time") }
            let old = try context.opened()
            let (client, _) = try context.resumed(old)
            old.send(.ping)
            try old.expectEnd([.noSession])
            try client.settle()
        },
        session("OPN-002/lease-stays", "A resumed session keeps its lease") { context in
            let old = try context.leased()
            let (client, _) = try context.resumed(old)
            try client.ok(.renew)
        },
        session("OPN-003/held-result", "The reply to OPEN lists a result that is held, with state and content hash") {
            context in
            let batch = context.batch()
            let old = try context.armed(for: batch)
            try old.run(batch)
            let (_, reply) = try context.resumed(old)
            let held = try reply.messages(5)
            try context.require(held.count == 1, "\(held.count) batches are held, not 1")
            try context.require(
                held[0].number(1) == batch.id && held[0].number(2) == 3,
                "held: batch \(held[0].number(1)) in state \(held[0].number(2)), not done")
            try context.require(
                held[0].bytes(3) == ControlPayload.contentHash(of: batch, on: old.chip),
                "the content hash is another one")
        },
        session("OPN-003/slots-are-empty", "Slots are empty after OPEN") { context in
            let batch = context.batch()
            let old = try context.armed(for: batch)
            try old.stage(batch)
            let (client, _) = try context.resumed(old)
            try client.refusal(of: client.execute(batch), MessageType.execute.rawValue, [.invalid])
        },
        session(
            "OPN-003/results-wait-to-be-asked-for",
            "Results that were being sent are not sent on by themselves after OPEN"
        ) { context in
            let batch = context.batch(entries: 4)
            let old = try context.leased(credit: 0)
            try old.arm(batch)
            try old.stage(batch)
            try old.check(try old.response(to: old.execute(batch, chunkEntries: 1)), is: .execute)
            try old.awaitDone(batch)
            let (client, _) = try context.resumed(old)
            let early = try client.settle()
            try context.require(early.isEmpty, "\(early.first?.name ?? "") came before it was asked for")
            let answer = try client.result(
                of: client.execute(batch, slot: nil, chunkEntries: 1), batch, chunkEntries: 1)
            try context.require(answer.isDuplicate, "the kept result has no DUPLICATE")
        },
        session("OPN-003/other-runs-are-not-listed", "What is held of another run is not listed") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            let other = try context.greeted()
            try context.require(try other.open().messages(5).isEmpty, "a fresh run is told of another's batches")
            try context.require(
                try other.ok(.list).fields().messages(1).isEmpty, "LIST of a fresh run names another's batches")
        },
    ]

    private static let closing: [ConformanceCase] = [
        session("OPN-004/close-frees-the-lease", "CLOSE frees the lease") { context in
            let client = try context.leased()
            try client.end()
            try context.opened().ok(.acquire, ControlPayload.number(5_000))
        },
        session("OPN-004/close-forgets-results", "CLOSE forgets the results that the session holds") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            try client.end()
            let again = try context.greeted()
            let reply = try again.open(run: client.run)
            try context.require(try reply.messages(5).isEmpty, "the result is still listed")
            try again.acquire()
            again.chip = client.chip
            try again.refusal(of: again.execute(batch, slot: nil), MessageType.execute.rawValue, [.forgotten])
        },
        session("OPN-004/close-cannot-be-resumed", "A session that was closed is not resumed") { context in
            let old = try context.opened()
            try old.end()
            let client = try context.greeted()
            try context.require(try client.open(resuming: old).number(4) == 0, "a closed session was resumed")
        },
        session("OPN-004/link-is-gone-after-close", "The link of a closed session is gone: NO_SESSION", hostile: true) {
            context in
            let client = try context.opened()
            try client.end()
            client.send(.ping)
            try client.expectEnd([.noSession])
        },
    ]

    private static let requests: [ConformanceCase] =
        [("same", 0), ("lower", -1), ("much-lower", -3)].map { name, step in
            session("REQ-001/number-\(name)", "A request number that does not increase is refused with INVALID") {
                context in
                let client = try context.opened()
                for _ in 0..<3 { try client.settle() }
                let number = UInt64(Int(client.nextRequest) - 1 + step)
                client.send(.ping, edit: { $0.request = number })
                try client.refusal(of: number, MessageType.ping.rawValue, [.invalid])
                try client.settle()
            }
        } + [
            session("REQ-001/zero", "A request with number 0 is refused with INVALID") { context in
                let client = try context.opened()
                client.send(.ping, edit: { $0.request = 0 })
                try client.refusal(of: 0, MessageType.ping.rawValue, [.invalid])
            },
            session("REQ-001/numbers-may-jump", "Request numbers may leave others out") { context in
                let client = try context.opened()
                for step in [5, 1_000, 1 << 32, 1 << 62] as [UInt64] {
                    client.nextRequest += step
                    try client.settle()
                }
            },
            session(
                "REQ-001/numbers-go-on-after-resumption", "After a resumption request numbers still have to increase"
            ) { context in
                let old = try context.opened()
                for _ in 0..<5 { try old.settle() }
                let (client, _) = try context.resumed(old)
                try client.refused(.ping, [], [.invalid], edit: { $0.request = 2 })
            },
            session("REQ-001/number-of-a-notice", "The number of a notice is not looked at") { context in
                let client = try context.opened()
                try client.settle()
                client.send(.credit, ControlPayload.number(1 << 40), edit: { $0.request = 1 })
                client.send(.credit, ControlPayload.number(1 << 40), edit: { $0.request = 1 << 60 })
                let answers = try client.settle()
                try context.require(answers.isEmpty, "a notice was answered by \(answers.first?.name ?? "")")
            },
        ]
        + [
            (MessageType.ping, [UInt8]()), (.acquire, [8, 0xE8, 7]), (.renew, []), (.query, []), (.describe, []),
            (.list, []),
            (.get, []), (.cancel, [8, 99]), (.release, []),
        ].map { type, payload in
            session("REQ-002/one-response-to-\(type)", "\(type) gets exactly one response, and that is FINAL") {
                context in
                let client = try context.opened()
                if type == .renew { try client.acquire() }
                for _ in 0..<10 {
                    try client.ok(type, payload)
                    let more = try client.settle()
                    try context.require(more.isEmpty, "after its response came \(more.first?.name ?? "")")
                }
            }
        } + [
            session("REQ-002/notices-get-none", "CREDIT, ACK, GOAWAY and ERROR get no response") { context in
                let client = try context.opened()
                for type in [MessageType.credit, .ack, .goAway, .error] {
                    client.send(type, type == .credit || type == .ack ? [8, 1] : [])
                }
                let answers = try client.settle()
                try context.require(answers.isEmpty, "a notice was answered by \(answers.first?.name ?? "")")
            },
            session(
                "REQ-002/execute-repeated",
                "Of several EXECUTEs of a batch the last one gets the result, the others end with CANCELLED"
            ) { context in
                let batch = context.longBatch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                let requests = (0..<3).map { _ in client.execute(batch, chunkEntries: 512) }
                for request in requests.dropLast() {
                    var answer = try client.response(to: request)
                    while answer.type == .result || (answer.type == .execute && answer.header.status == .ok) {
                        answer = try client.response(to: request)
                    }
                    try context.require(
                        answer.header.status == .cancelled && answer.isFinal && answer.type == .execute,
                        "\(answer.name) came for EXECUTE \(request) where CANCELLED was due (section 10.5)")
                }
                // The last one is as good as an only one: it ends with its result, or with CANCEL.
                let state = try client.ok(.cancel, ControlPayload.number(batch.id)).fields().number(2)
                var end = try client.response(to: requests[2])
                while !end.isFinal { end = try client.response(to: requests[2]) }
                try context.require(
                    end.header.status == (state == 3 ? .ok : .cancelled), "\(end.name) ended the last EXECUTE")
            },
            session(
                "REQ-002/execute-repeated-without-credit",
                "EXECUTE that waits for credit ends with CANCELLED when the batch is asked for again"
            ) { context in
                let batch = context.batch(entries: 4)
                let client = try context.leased(credit: 0)
                try client.arm(batch)
                try client.stage(batch)
                let first = client.execute(batch)
                try client.check(try client.response(to: first), is: .execute)
                try client.awaitDone(batch)
                let second = client.execute(batch, slot: nil)
                try client.refusal(of: first, MessageType.execute.rawValue, [.cancelled])
                client.send(.credit, ControlPayload.number(1 << 30))
                _ = try client.result(of: second, batch)
            },
            session(
                "REQ-002/execute-acknowledged-early",
                "EXECUTE that waits for credit ends with CANCELLED when its result is acknowledged"
            ) { context in
                let batch = context.batch(entries: 4)
                let client = try context.leased(credit: 0)
                try client.arm(batch)
                try client.stage(batch)
                let first = client.execute(batch)
                try client.check(try client.response(to: first), is: .execute)
                try client.awaitDone(batch)
                client.send(.ack, ControlPayload.number(first))
                try client.refusal(of: first, MessageType.execute.rawValue, [.cancelled])
                try client.refusal(
                    of: client.execute(batch, slot: nil), MessageType.execute.rawValue, [.forgotten])
            },
            session("REQ-003/fault", "A refusal is FINAL, of the request's type, and says in words why") { context in
                let client = try context.opened()
                let fault = try client.refused(.configure, [], [.leaseExpired, .fenced])
                try context.require(!fault.text(1).isEmpty, "Fault.detail is empty")
            },
        ]

    private static let pipelines: [ConformanceCase] =
        [
            session("REQ-004/pings-in-order", "A hundred requests at once are answered in their order") { context in
                let client = try context.opened()
                let requests = (0..<100).map { _ in client.send(.ping) }
                for request in requests {
                    let message = try client.next()
                    try context.require(
                        message?.header.request == request,
                        "request \(request) was due, \(message?.header.request ?? 0) was answered")
                }
            },
            session("REQ-004/acts-in-order", "Requests that depend on each other may be sent at once") { context in
                let batch = context.batch()
                let client = try context.leased()
                let configure = ControlPayload.configure(batch.configuration).encoded()
                client.chip = WrittenChip(
                    configurationHash: ContentHash.configuration(configure), epoch: 4, image: batch.synapses.codes)
                let requests = [
                    client.send(.configure, configure),
                    client.send(.weights, ControlPayload.fullWeights(batch.synapses.codes, epoch: 4)),
                    client.send(
                        .commit, ControlPayload.commit(epoch: 4, imageChecksum: client.chip.imageChecksum).encoded()),
                    client.send(.stage, ControlPayload.stage(batch, slot: 0)),
                ]
                let execute = client.execute(batch)
                for request in requests {
                    let answer = try client.response(to: request)
                    try context.require(
                        answer.header.status == .ok && answer.isFinal,
                        "\(answer.name) came for a request of the pipeline")
                }
                _ = try client.result(of: execute, batch)
            },
            session(
                "REQ-007/other-session", "A frame that names another session ends the link with NO_SESSION",
                hostile: true
            ) { context in
                let other = try context.opened()
                let client = try context.opened()
                client.send(.ping, edit: { $0.session = other.session })
                try client.expectEnd([.noSession])
                try other.settle()
            },
            session(
                "REQ-007/session-zero", "A frame without a session on an open link ends it with NO_SESSION",
                hostile: true
            ) { context in
                let client = try context.opened()
                client.send(.ping, edit: { $0.session = 0 })
                try client.expectEnd([.noSession])
            },
        ]
        + [MessageType.hello, .open, .result, .done, .report].map { type in
            session(
                "REQ-007/\(type)-on-an-open-link", "\(type) on an open link is refused with STATE, and the link stays"
            ) { context in
                let client = try context.opened()
                let payload: [UInt8] =
                    switch type {
                    case .hello: ControlPayload.hello(nonce: context.random.bytes(16), grease: 1).encoded()
                    case .open: ControlPayload.open(run: context.random.bytes(16), label: "again", credit: 0).encoded()
                    default: []
                    }
                try client.refused(type, payload, [.state])
                try client.settle()
            }
        }
        + [MessageType.goAway, .error].map { type in
            session("REQ-007/\(type)-from-a-host", "\(type) from a host is ignored") { context in
                let client = try context.opened()
                client.send(type, [])
                try context.require(try client.settle().isEmpty, "\(type) was answered")
            }
        }

    private static let unknown: [ConformanceCase] =
        [0x00, 0x09, 0x14, 0x15, 0x22, 0x26 + 1, 0x41, 0x43, 0x70, 0x71, 0xF0, 0xFF].map { code in
            let digits = (code < 16 ? "0" : "") + String(code, radix: 16)
            return session("REQ-005/type-\(digits)", "Type \(digits) gets UNKNOWN_TYPE, and the link stays up") {
                context in
                let client = try context.opened()
                try client.refusal(of: client.send(UInt8(code), [1, 2, 3], sizes: [3]), UInt8(code), [.unknownType])
                try client.settle()
            }
        }
}
