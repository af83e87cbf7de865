import WireProtocol

/// HELLO, versions, features, limits: the first exchange of a link.
enum HelloCases {
    static let all = reply + versions + features + limits + order

    private static func hello(
        _ id: String, _ title: String, profile: ConformanceCase.Profile = .core, hostile: Bool = false,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .hello, profile: profile, hostile: hostile, body: body)
    }

    private static let reply: [ConformanceCase] =
        [
            hello("HEL-001/reply", "The reply names a version, limits, the boot id and the chip's serial") { context in
                let client = try context.greeted()
                try context.require(
                    client.greeting.number(2) == 0,
                    "the reply chooses minor version \(client.greeting.number(2)), 0 was offered")
                try context.require(client.greeting.has(6), "the reply has no boot id")
                try context.require(!client.greeting.text(8).isEmpty, "the reply has no firmware version")
            },
            hello("HEL-001/limits-within-caps", "The device's limits lie within those of section 8") { context in
                let limits = context.claims.limits
                try context.require(2_048...1 << 20 ~= limits.framePayload, "the frame limit is \(limits.framePayload)")
                try context.require(2_048...64 << 20 ~= limits.message, "the message limit is \(limits.message)")
                try context.require(
                    limits.controlPayload <= limits.message, "the control limit is \(limits.controlPayload)")
                try context.require(1...1_024 ~= limits.slots, "there are \(limits.slots) slots")
                try context.require(1...4_096 ~= limits.resultsKept, "\(limits.resultsKept) results are kept")
            },
            hello("HEL-001/nonce-echoed", "Every HELLO is answered with its own nonce") { context in
                for _ in 0..<10 { try context.greeted().close() }
            },
            hello("HEL-001/boot-id-stays", "The boot id is the same on every link of a start") { context in
                let ids = Set(try (0..<5).map { _ in try context.greeted().greeting.number(6) })
                try context.require(ids.count == 1, "five links had \(ids.count) boot ids")
            },
            hello("HEL-001/serial-is-the-chip's", "HELLO and DESCRIBE name the same serial") { context in
                let client = try context.opened()
                let described = try client.ok(.describe).fields().number(2)
                try context.require(
                    client.greeting.number(7) == described,
                    "HELLO says \(client.greeting.number(7)), DESCRIBE \(described)")
            },
            hello("HEL-001/uptime-grows", "The uptime in HELLO never runs backwards") { context in
                let first = try context.greeted().greeting.number(9)
                context.target.sleep(for: .milliseconds(20))
                let second = try context.greeted().greeting.number(9)
                try context.require(second >= first, "the uptime went from \(first) ms to \(second) ms")
            },
            ConformanceCase(
                "HEL-001/new-boot-id-after-restart", "A device that was started anew has another boot id", in: .hello,
                needs: [.restart]
            ) { context in
                let before = try context.greeted().greeting.number(6)
                guard context.target.restart() else { throw CaseStop.undecided("the restart did not work") }
                let after = try context.greeted().greeting.number(6)
                try context.require(before != after, "the boot id is \(after) before and after")
            },
        ]
        + [0, 15, 17].map { count in
            hello("HEL-001/nonce-of-\(count)-bytes", "A nonce of \(count) bytes is refused") { context in
                let client = try context.link()
                let payload = ControlPayload.hello(nonce: context.random.bytes(count), grease: 3)
                try client.refused(.hello, payload.encoded(), [.invalid])
            }
        } + [
            hello("HEL-001/refused-hello-again", "HELLO that was refused may be said again on the same link") {
                context in
                let client = try context.link()
                let payload = ControlPayload.hello(nonce: context.random.bytes(7), grease: 3)
                for _ in 0..<10 { try client.refused(.hello, payload.encoded(), [.invalid]) }
                try client.refused(.hello, [0x0A, 0x20, 1], [.malformed])
                try client.greet()
                try client.open()
                try client.settle()
            },
            hello("HEL-007/reply-in-one-frame", "The reply to HELLO is one frame of at most 2 KiB of payload") {
                context in
                let client = try context.link()
                let payload = ControlPayload.hello(nonce: context.random.bytes(16), grease: 3)
                let reply = try client.ok(.hello, payload.encoded())
                try context.require(
                    reply.fragments.count == 1 && reply.payload.count <= 2_048,
                    "the reply has \(reply.payload.count) bytes in \(reply.fragments.count) frames")
            },
        ]

    private static let versions: [ConformanceCase] =
        [("below", 0...0, 0), ("above", 2...2, 0), ("far-above", 7...250, 3)].map { name, majors, minor in
            hello(
                "HEL-002/none-in-common-\(name)",
                "A host of versions \(majors) is refused with VERSION and the device's own versions"
            ) { context in
                let client = try context.link()
                let payload = ControlPayload.hello(
                    nonce: context.random.bytes(16), majors: majors, minor: minor, grease: 4)
                let fault = try client.refused(.hello, payload.encoded(), [.version])
                let ours = try fault.message(4)
                try context.require(fault.has(4), "Fault.versions is missing")
                try context.require(
                    ours.number(1) <= 1 && ours.number(2) >= 1,
                    "Fault.versions is \(ours.number(1)) to \(ours.number(2))")
                client.send(.ping, edit: { $0.request = 2 })
                try client.expectEnd([.noSession])
            }
        }
        + [("from-0", 0...1, 9), ("to-9", 1...9, 4), ("0-to-255", 0...255, 0)].map { name, majors, minor in
            hello("HEL-002/common-\(name)", "A host of versions \(majors) is met with version 1") { context in
                let client = try context.link()
                let payload = ControlPayload.hello(
                    nonce: context.random.bytes(16), majors: majors, minor: minor, grease: 5)
                let reply = try client.ok(.hello, payload.encoded()).fields()
                try context.require(reply.number(1) == 1, "major version \(reply.number(1)) was chosen")
                if majors.upperBound == 1 {
                    try context.require(
                        reply.number(2) <= UInt64(minor), "minor version \(reply.number(2)) was chosen of \(minor)")
                }
                try client.open()
            }
        }

    private static let features: [ConformanceCase] =
        [
            ("unknown", ["test.nobody-knows-this"]), ("grease", ["grease.1234"]), ("two", ["enc.dv8.x", "w.pack7.x"]),
            ("empty", [""]),
        ].map { name, required in
            hello("HEL-003/required-\(name)", "A required feature that is unknown is refused with CRITICAL_UNKNOWN") {
                context in
                let client = try context.link()
                let payload = ControlPayload.hello(nonce: context.random.bytes(16), required: required, grease: 6)
                try client.refused(.hello, payload.encoded(), [.criticalUnknown])
            }
        } + [
            hello("HEL-003/offered-unknown", "Unknown features that are only offered are ignored") { context in
                let client = try context.link()
                var payload = ControlPayload.hello(nonce: context.random.bytes(16), grease: context.random.next())
                for index in 0..<30 { payload.add(2, "grease.\(index).\(context.random.next())") }
                let reply = try client.ok(.hello, payload.encoded()).fields()
                let taken = reply.values(3).compactMap {
                    if case .bytes(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
                }
                try context.require(!taken.contains { $0.hasPrefix("grease.") }, "the device takes up \(taken)")
                try client.open()
            },
            hello("HEL-003/chosen-were-offered", "The features of the reply are among those that were offered") {
                context in
                let client = try context.greeted()
                for case .bytes(let bytes) in client.greeting.values(3) {
                    throw CaseStop.failed(
                        "the device takes up \"\(String(decoding: bytes, as: UTF8.self))\", which was not offered")
                }
            },
        ]

    private static let limits: [ConformanceCase] =
        [
            hello("HEL-005/frame-limit-of-the-host", "The device sends no frame above the host's limit") { context in
                var limits = WireLimits()
                limits.framePayload = 2_048
                let batch = context.batch(entries: 96, events: 40)
                let client = try context.armed(for: batch, limits: limits)
                let answer = try client.run(batch, chunkEntries: 96)
                let most = answer.chunks.flatMap(\.fragments).max() ?? 0
                try context.require(
                    answer.chunks[0].payload.count > 2_048,
                    "the chunk has only \(answer.chunks[0].payload.count) bytes; the case needs more")
                try context.require(most <= 2_048, "a frame holds \(most) bytes of payload")
            },
            hello(
                "HEL-005/frame-limit-holds-for-the-host",
                "A frame of the host above the agreed limit is refused with TOO_LARGE", hostile: true
            ) { context in
                var limits = WireLimits()
                limits.framePayload = 2_048
                let client = try context.opened(limits: limits)
                client.send(MessageType.cancel.rawValue, Array(repeating: 0, count: 2_049), sizes: [2_049])
                try client.expectEnd([.tooLarge])
            },
            hello("HEL-005/control-limit", "The agreed limit of control messages holds", hostile: true) { context in
                var limits = WireLimits()
                (limits.controlPayload, limits.framePayload) = (2_048, 2_048)
                let client = try context.opened(limits: limits)
                client.send(
                    MessageType.cancel.rawValue, Array(repeating: 0, count: 2_048), sizes: [2_048],
                    edit: {
                        ($1.totalLength, $1.fragmentCount) = (2_049, 2)
                    })
                try client.expectEnd([.tooLarge])
            },
            hello("HEL-005/message-limit", "The agreed limit of bulk messages holds", hostile: true) { context in
                var limits = WireLimits()
                (limits.message, limits.controlPayload, limits.framePayload) = (4_096, 2_048, 2_048)
                let client = try context.leased(limits: limits)
                client.send(
                    MessageType.stage.rawValue, Array(repeating: 0, count: 2_048), sizes: [2_048],
                    edit: {
                        ($1.totalLength, $1.fragmentCount) = (4_097, 3)
                    })
                try client.expectEnd([.tooLarge])
            },
            hello("HEL-005/one-slot", "A host with one slot gets one: the second is refused with TOO_LARGE") {
                context in
                var limits = WireLimits()
                limits.slots = 1
                let batch = context.batch()
                let client = try context.armed(for: batch, limits: limits)
                try client.stage(batch)
                try client.refused(.stage, ControlPayload.stage(batch, slot: 1), [.tooLarge])
            },
            hello(
                "HEL-005/one-result-kept",
                "A host that keeps one result gets BUSY for a second batch before it acknowledges"
            ) { context in
                var limits = WireLimits()
                limits.resultsKept = 1
                let batch = context.batch(1)
                let client = try context.armed(for: batch, limits: limits)
                try client.run(batch)
                let second = context.batch(2)
                try client.stage(second)
                try client.refusal(of: client.execute(second), MessageType.execute.rawValue, [.busy])
                client.send(.ack, ControlPayload.number(client.nextRequest))
                try client.run(second)
            },
            hello(
                "HEL-005/answers-within-the-control-limit",
                "With the least limits, all answers stay below the control limit"
            ) { context in
                let client = try context.opened(limits: leastLimits, label: String(repeating: "e\u{301}", count: 600))
                try client.acquire()
                for type in [MessageType.describe, .list, .get, .query] {
                    let answer = try client.ok(type)
                    try context.require(
                        answer.payload.count <= 2_048,
                        "the answer to \(type) has \(answer.payload.count) bytes, 2048 were agreed")
                }
                // The holder's label is in the refusal.
                let other = try context.opened(limits: leastLimits)
                let answer = try other.answer(.acquire, ControlPayload.number(1_000))
                try context.require(
                    answer.header.status == .leaseHeld && answer.payload.count <= 2_048,
                    "\(answer.name) with \(answer.payload.count) bytes came where LEASE_HELD was due")
            },
            hello(
                "HEL-005/chunk-above-the-message-limit",
                "A chunk above the host's message limit is not sent: EXECUTE ends with INVALID"
            ) { context in
                let batch = context.batch(entries: 96, events: 0)
                let client = try context.armed(for: batch, limits: leastLimits)
                try client.stage(batch)
                let request = client.execute(batch, chunkEntries: 96)
                try client.check(try client.response(to: request), is: .execute)
                try client.refusal(of: request, MessageType.execute.rawValue, [.invalid])
                try client.run(batch, chunkEntries: 24)
            },
            hello(
                "HEL-005/kept-chunk-above-the-message-limit",
                "A kept chunk that is above the limit of a later link is not sent there: EXECUTE is refused with INVALID"
            ) { context in
                let batch = context.batch(entries: 96, events: 0)
                let former = try context.armed(for: batch)
                try former.run(batch, chunkEntries: 96)
                let client = try context.greeted(limits: leastLimits)
                try client.open(resuming: former)
                try client.refusal(
                    of: client.execute(batch, slot: nil, chunkEntries: 96), MessageType.execute.rawValue, [.invalid])
                client.limits = WireLimits()
                let next = try context.resumed(client).client
                try context.require(
                    try next.result(of: next.execute(batch, slot: nil, chunkEntries: 96), batch, chunkEntries: 96)
                        .isDuplicate, "the kept result is gone")
            },
            hello("HEL-001/limits-above-the-caps", "Limits above their caps count as the caps") { context in
                let client = try context.link()
                var payload = ControlPayload.hello(nonce: context.random.bytes(16), grease: 7)
                var limits = ProtobufFields()
                for number in 1...5 { limits.add(number, UInt64(UInt32.max)) }
                payload.set(4, .bytes(limits.encoded()))
                try client.ok(.hello, payload.encoded())
                try client.open()
                try client.settle()
            },
            hello("HEL-005/large-limits", "Limits at their caps are taken") { context in
                var limits = WireLimits()
                (limits.message, limits.slots, limits.resultsKept) = (64 << 20, 1_024, 4_096)
                try context.opened(limits: limits).settle()
            },
        ]
        + badLimits.map { name, change in
            hello(
                "REQ-002/hello-limits-\(name)",
                "HELLO with limits that cannot be used gets a response, not just the end of the link"
            ) { context in
                let client = try context.link()
                var payload = ControlPayload.hello(nonce: context.random.bytes(16), grease: 7)
                change(&payload)
                try client.refused(.hello, payload.encoded(), [.malformed])
            }
        }

    /// The least that a host may offer.
    private static var leastLimits: WireLimits {
        var limits = WireLimits()
        (limits.message, limits.controlPayload, limits.framePayload) = (2_048, 2_048, 2_048)
        return limits
    }

    private static let badLimits: [(name: String, change: @Sendable (inout ProtobufFields) -> Void)] = [
        ("absent", { $0.set(4, nil) }),
        (
            "frame-too-small",
            {
                var limits = WireLimits()
                limits.framePayload = 2_047
                $0.set(4, .bytes(ControlPayload.limits(limits).encoded()))
            }
        ),
        (
            "no-results",
            {
                var limits = WireLimits()
                limits.resultsKept = 0
                $0.set(4, .bytes(ControlPayload.limits(limits).encoded()))
            }
        ),
        (
            "control-too-small",
            {
                var limits = WireLimits()
                limits.controlPayload = 2_047
                $0.set(4, .bytes(ControlPayload.limits(limits).encoded()))
            }
        ),
        (
            "no-slots",
            {
                var limits = WireLimits()
                limits.slots = 0
                $0.set(4, .bytes(ControlPayload.limits(limits).encoded()))
            }
        ),
    ]

    private static let order: [ConformanceCase] =
        [MessageType.open, .ping, .describe, .acquire, .execute, .close, .credit, .stage].map { type in
            hello(
                "HEL-006/\(type)-before-hello", "\(type) on a link that has not said HELLO: ERROR NO_SESSION",
                hostile: true
            ) { context in
                let client = try context.link()
                client.send(type, [8, 1])
                try client.expectEnd([.noSession])
            }
        }
        + [MessageType.ping, .hello, .describe, .acquire, .credit, .execute].map { type in
            hello("HEL-006/\(type)-before-open", "\(type) between HELLO and OPEN: ERROR STATE", hostile: true) {
                context in
                let client = try context.greeted()
                client.send(
                    type,
                    type == .hello
                        ? ControlPayload.hello(nonce: context.random.bytes(16), grease: 8).encoded() : [8, 1])
                try client.expectEnd([.state])
            }
        } + [
            hello(
                "HEL-006/unknown-before-hello",
                "A type that is unknown, on a link that has not said HELLO: ERROR NO_SESSION", hostile: true
            ) { context in
                let client = try context.link()
                client.send(0x70, [], sizes: [0])
                try client.expectEnd([.noSession])
            },
            hello(
                "HEL-006/hello-numbered-1", "A first HELLO that is not numbered 0: SEQUENCE_GAP", hostile: true
            ) { context in
                let client = try context.link()
                client.sequence = 1
                client.send(
                    .hello, ControlPayload.hello(nonce: context.random.bytes(16), grease: 8).encoded())
                try client.expectEnd([.sequenceGap])
            },
            hello("REQ-007/hello-names-a-session", "HELLO that names a session: ERROR NO_SESSION", hostile: true) {
                context in
                let client = try context.link()
                client.send(
                    .hello, ControlPayload.hello(nonce: context.random.bytes(16), grease: 8).encoded(),
                    edit: { $0.session = 7 })
                try client.expectEnd([.noSession])
            },
            hello("REQ-007/open-names-a-session", "OPEN that names a session: ERROR NO_SESSION", hostile: true) {
                context in
                let client = try context.greeted()
                client.send(
                    .open, ControlPayload.open(run: context.random.bytes(16), label: "x", credit: 0).encoded(),
                    edit: { $0.session = 7 })
                try client.expectEnd([.noSession])
            },
            hello("REQ-001/hello-number-0", "HELLO with request number 0 is refused with INVALID") { context in
                let client = try context.link()
                let payload = ControlPayload.hello(nonce: context.random.bytes(16), grease: 8).encoded()
                let request = client.send(.hello, payload, edit: { $0.request = 0 })
                try client.refusal(of: request, MessageType.hello.rawValue, [.invalid])
            },
            hello("REQ-001/open-number-of-hello", "OPEN with the number of HELLO is refused with INVALID") { context in
                let client = try context.greeted()
                let payload = ControlPayload.open(run: context.random.bytes(16), label: "x", credit: 0).encoded()
                let request = client.send(.open, payload, edit: { $0.request = 1 })
                try client.refusal(of: request, MessageType.open.rawValue, [.invalid])
                try client.open()
            },
            hello("OPN-001/refused-open-again", "OPEN that was refused may be said again") { context in
                let client = try context.greeted()
                let payload = ControlPayload.open(run: context.random.bytes(15), label: "x", credit: 0).encoded()
                for _ in 0..<10 { try client.refused(.open, payload, [.invalid]) }
                try client.open()
                try client.settle()
            },
            hello(
                "HEL-006/no-session-before-gap",
                "On a link that has not said HELLO, NO_SESSION comes before SEQUENCE_GAP", hostile: true
            ) { context in
                let client = try context.link()
                client.sequence = 77
                client.send(.ping)
                try client.expectEnd([.noSession])
            },
        ]
}
