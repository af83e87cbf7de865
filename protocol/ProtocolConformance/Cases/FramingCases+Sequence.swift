import WireProtocol

extension FramingCases {
    static let sequence: [ConformanceCase] =
        [("1", UInt64(1)), ("1000", 1_000), ("2-to-63", 1 << 63)].map { name, step in
            ConformanceCase(
                "FRM-010/gap-\(name)", "A number that leaves out \(name) frames is a gap: SEQUENCE_GAP", in: .framing,
                hostile: true
            ) { context in
                let client = try context.opened()
                client.send(.ping, edit: { $0.sequence += step })
                try client.expectEnd([.sequenceGap])
                try context.expectForgotten(client)
            }
        } + [
            ConformanceCase(
                "FRM-010/from-zero", "The first frame of a link has number 0: a HELLO with another is not answered",
                in: .framing
            ) { context in
                let client = try context.link()
                client.sequence = 1
                client.send(.hello, ControlPayload.hello(nonce: context.random.bytes(16), grease: 1).encoded())
                try client.expectEnd([.sequenceGap, .noSession])
            },
            ConformanceCase(
                "FRM-010/repeated", "A frame that arrives twice is dropped in silence the second time", in: .framing
            ) { context in
                let client = try context.opened()
                let frame = client.frames(MessageType.ping.rawValue, [], sizes: [0])[0]
                for _ in 0..<10 { client.transmit(frame.bytes) }
                try context.require(try client.response(to: frame.request).type == .ping, "PING was not answered")
                let more = try client.settle()
                try context.require(more.isEmpty, "a repeated frame was answered by \(more.first?.name ?? "")")
            },
            ConformanceCase(
                "FRM-010/old-number-new-content", "A number that was seen is dropped whatever the frame holds",
                in: .framing
            ) { context in
                let client = try context.opened()
                try client.settle()
                client.send(.acquire, ControlPayload.number(30_000), edit: { $0.sequence = 1 })
                client.sequence -= 1
                let more = try client.settle()
                try context.require(
                    more.isEmpty, "a frame with an old number was answered by \(more.first?.name ?? "")")
                try context.require(
                    try client.ok(.query).fields().number(1) == 0, "a frame with an old number was acted on")
            },
            ConformanceCase("FRM-010/repeated-hello", "A HELLO that arrives twice is answered once", in: .framing) {
                context in
                let client = try context.link()
                let hello = ControlPayload.hello(nonce: context.random.bytes(16), grease: 2).encoded()
                let frame = client.frames(MessageType.hello.rawValue, hello, sizes: [hello.count])[0]
                client.transmit(frame.bytes)
                client.transmit(frame.bytes)
                try client.check(try client.response(to: frame.request), is: .hello)
                try client.open()
                let more = try client.settle()
                try context.require(more.isEmpty, "a repeated HELLO was answered by \(more.first?.name ?? "")")
            },
            ConformanceCase(
                "FRM-010/repeated-batch", "A whole batch whose every frame arrives twice runs once", in: .framing
            ) { context in
                let batch = context.batch()
                let client = try context.leased()
                let before = try client.health().number(5)
                let payloads: [(MessageType, [UInt8])] = [
                    (.configure, ControlPayload.configure(batch.configuration).encoded()),
                    (.weights, ControlPayload.fullWeights(batch.synapses.codes, epoch: 1)),
                    (
                        .commit,
                        ControlPayload.commit(epoch: 1, imageChecksum: CRC32C.checksum(image: batch.synapses.codes))
                            .encoded()
                    ),
                    (.stage, ControlPayload.stage(batch, slot: 0)),
                ]
                client.chip = WrittenChip(
                    configurationHash: ContentHash.configuration(payloads[0].1), epoch: 1, image: batch.synapses.codes)
                var last: UInt64 = 0
                for (type, payload) in payloads + [
                    (.execute, ControlPayload.execute(batch, on: client.chip, slot: 0).encoded())
                ] {
                    let frame = client.frames(type.rawValue, payload, sizes: [payload.count])[0]
                    client.transmit(frame.bytes)
                    client.transmit(frame.bytes)
                    last = frame.request
                }
                _ = try client.result(of: last, batch)
                let more = try client.settle()
                try context.require(!more.contains { $0.header.request == last }, "EXECUTE was answered twice")
                let after = try client.health().number(5)
                try context.require(after == before + 1, "the batch ran \(after - before) times")
            },
            ConformanceCase(
                "FRM-010/device-numbers", "The device numbers its frames from 0, over all types and channels",
                in: .framing
            ) { context in
                // RawClient holds every frame to that; here are some of each type and channel.
                let batch = context.batch(entries: 3)
                let client = try context.armed(for: batch)
                try client.stage(batch)
                let request = client.execute(batch, chunkEntries: 1)
                for _ in 0..<5 { client.send(.ping) }
                _ = try client.result(of: request, batch, chunkEntries: 1)
                try client.settle()
            },
        ]

    static let fragments: [ConformanceCase] =
        [
            ConformanceCase("FRM-011/split-stage", "A bulk message in fragments is put together", in: .framing) {
                context in
                let batch = context.batch(entries: 4)
                let client = try context.armed(for: batch)
                let payload = ControlPayload.stage(batch, slot: 0)
                let request = client.send(MessageType.stage.rawValue, payload, sizes: split(payload.count, by: 64))
                try client.check(try client.response(to: request), is: .stage)
                _ = try client.result(of: client.execute(batch), batch)
            },
            ConformanceCase("FRM-011/split-control", "A control message in fragments is put together", in: .framing) {
                context in
                let client = try context.leased()
                let payload = ControlPayload.configure(context.network()).encoded()
                let request = client.send(MessageType.configure.rawValue, payload, sizes: split(payload.count, by: 50))
                let reply = try client.response(to: request)
                try client.check(reply, is: .configure)
                try context.require(
                    try reply.fields().bytes(1) == ContentHash.configuration(payload),
                    "the hash is not that of the whole payload")
            },
            ConformanceCase(
                "FRM-011/control-between-data", "Control messages may come between the fragments of a bulk message",
                in: .framing
            ) { context in
                let batch = context.batch(entries: 4)
                let client = try context.armed(for: batch)
                let payload = ControlPayload.stage(batch, slot: 0)
                // The requests between begin later and end sooner, so STAGE has the highest number of all.
                let stage = client.nextRequest + 1_000
                let frames = client.frames(
                    MessageType.stage.rawValue, payload, sizes: split(payload.count, by: 100),
                    edit: { $1.request = stage })
                client.sequence -= UInt64(frames.count)
                for frame in frames.dropLast() {
                    client.transmit(renumbered(frame.bytes, client.sequence))
                    client.sequence += 1
                    try client.settle()
                }
                client.transmit(renumbered(frames[frames.count - 1].bytes, client.sequence))
                client.sequence += 1
                client.nextRequest = stage + 1
                try client.check(try client.response(to: stage), is: .stage)
                _ = try client.result(of: client.execute(batch), batch)
            },
            ConformanceCase(
                "FRM-011/device-splits", "The device splits results at the agreed limit into full fragments",
                in: .framing
            ) { context in
                var limits = WireLimits()
                limits.framePayload = 2_048
                let batch = context.batch(entries: 24, events: 40)
                let client = try context.armed(for: batch, limits: limits)
                let answer = try client.run(batch, chunkEntries: 24)
                let chunk = answer.chunks[0]
                try context.require(
                    chunk.payload.count > 2_048, "the chunk has only \(chunk.payload.count) bytes; the case needs more")
                try context.require(
                    chunk.fragments.dropLast().allSatisfy { $0 == 2_048 },
                    "fragments have \(chunk.fragments) bytes, not all but the last are full")
            },
        ]
        + violations.map { name, title, sizes, edit in
            ConformanceCase("FRM-012/\(name)", title, in: .framing, hostile: true) { context in
                let client = try context.opened()
                let count = sizes.reduce(0, +)
                client.send(MessageType.cancel.rawValue, Array(repeating: 0, count: count), sizes: sizes, edit: edit)
                try client.expectEnd([.badFragment])
                try context.expectForgotten(client)
            }
        }

    private static let violations:
        [(name: String, title: String, sizes: [Int], edit: @Sendable (Int, inout FrameHeader) -> Void)] = [
            (
                "index-beyond-count", "A fragment index that is not below the count is refused", [10],
                { $1.fragment = 1 }
            ),
            ("count-zero", "A fragment count of zero is refused", [10], { $1.fragmentCount = 0 }),
            (
                "index-skips", "A fragment that leaves one out is refused", [10, 10, 10],
                { if $0 == 1 { $1.fragment = 2 } }
            ),
            (
                "index-repeats", "A fragment that comes again under a new number is refused", [10, 10, 10],
                { if $0 == 1 { $1.fragment = 0 } }
            ),
            (
                "begins-in-the-middle", "A message that begins with fragment 1 is refused", [10],
                {
                    ($1.fragment, $1.fragmentCount) = (1, 2)
                }
            ),
            (
                "count-changes", "A count that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.fragmentCount = 3 } }
            ),
            (
                "total-changes", "A total length that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.totalLength = 21 } }
            ),
            (
                "type-changes", "A type that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.type = MessageType.ping.rawValue } }
            ),
            (
                "request-changes", "A request number that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.request += 1 } }
            ),
            (
                "token-changes", "A token that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.token = 9 } }
            ),
            (
                "deadline-changes", "A deadline that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.deadline = 9 } }
            ),
            (
                "status-changes", "A status that changes within a message is refused", [10, 10],
                { if $0 == 1 { $1.status = .busy } }
            ),
            ("empty-fragment", "An empty fragment of a split message is refused", [10, 0, 10], { _, _ in }),
            (
                "sum-too-small", "Fragments that add up to less than the total are refused", [10, 10],
                { $1.totalLength = 30 }
            ),
            (
                "sum-too-large", "Fragments that add up to more than the total are refused", [10, 10],
                { $1.totalLength = 15 }
            ),
            (
                "whole-but-shorter", "A message in one frame that is shorter than its total is refused", [10],
                { $1.totalLength = 11 }
            ),
            (
                "whole-but-longer", "A message in one frame that is longer than its total is refused", [10],
                { $1.totalLength = 9 }
            ),
        ]

    static let limits: [ConformanceCase] = [
        ConformanceCase(
            "FRM-012/control-total-above-limit",
            "A control message announced above the control limit is refused with TOO_LARGE at its first fragment",
            in: .framing, hostile: true
        ) { context in
            let client = try context.opened()
            client.send(
                MessageType.cancel.rawValue, [0, 0], sizes: [2],
                edit: {
                    $1.totalLength = UInt32(client.agreed.controlPayload) + 1
                    $1.fragmentCount = 40
                })
            try client.expectEnd([.tooLarge])
        },
        ConformanceCase(
            "FRM-012/bulk-total-above-limit",
            "A bulk message announced above the message limit is refused with TOO_LARGE at its first fragment",
            in: .framing, hostile: true
        ) { context in
            let client = try context.leased()
            client.send(
                MessageType.stage.rawValue, [0, 0], sizes: [2],
                edit: {
                    $1.totalLength = UInt32(client.agreed.message) + 1
                    $1.fragmentCount = 40
                })
            try client.expectEnd([.tooLarge])
        },
        ConformanceCase(
            "FRM-012/unknown-type-above-control-limit", "A message of an unknown type counts as control", in: .framing,
            hostile: true
        ) { context in
            let client = try context.opened()
            client.send(
                0x70, [0, 0], sizes: [2],
                edit: {
                    $1.totalLength = UInt32(client.agreed.controlPayload) + 1
                    $1.fragmentCount = 40
                })
            try client.expectEnd([.tooLarge])
        },
        ConformanceCase(
            "FRM-012/new-message-before-the-end", "A new message on the channel of one that is not complete is refused",
            in: .framing, hostile: true
        ) { context in
            let client = try context.opened()
            client.send(
                MessageType.cancel.rawValue, [8, 1, 8], sizes: [3],
                edit: {
                    ($1.fragmentCount, $1.totalLength) = (2, 6)
                })
            client.send(.ping)
            try client.expectEnd([.badFragment])
        },
    ]

    /// Sizes of fragments, all but the last full.
    static func split(_ count: Int, by size: Int) -> [Int] {
        stride(from: 0, to: count, by: size).map { min(size, count - $0) }
    }

    /// A frame with another number.
    static func renumbered(_ frame: [UInt8], _ sequence: UInt64) -> [UInt8] {
        var frame = frame
        frame.store(littleEndian: sequence, at: 24)
        seal(&frame)
        return frame
    }
}
