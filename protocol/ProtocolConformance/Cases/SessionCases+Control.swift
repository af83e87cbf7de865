import WireProtocol

extension SessionCases {
    /// Bytes that are no protobuf message.
    private static let garbage: [(name: String, bytes: [UInt8])] = [
        ("truncated-varint", [0x08, 0x80]),
        ("length-beyond-the-end", [0x0A, 0x20, 1, 2]),
        ("field-number-zero", [0x00, 1]),
        ("wire-type-7", [0x0F, 1]),
        ("group-without-end", [0x0B, 0x08, 1]),
        ("endless-varint", [0x08] + Array(repeating: 0xFF, count: 11)),
    ]

    static let control: [ConformanceCase] =
        garbage.map { name, bytes in
            session(
                "REQ-006/cancel-\(name)", "A payload that is no protobuf message (\(name)) is refused with MALFORMED"
            ) { context in
                let client = try context.opened()
                try client.refused(.cancel, bytes, [.malformed])
                try client.settle()
            }
        }
        + [MessageType.acquire, .configure, .commit, .execute].map { type in
            session(
                "REQ-006/\(type)-changes-nothing",
                "\(type) that cannot be parsed is refused with MALFORMED and changes nothing"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                for (_, bytes) in garbage { try client.refused(type, bytes, [.malformed]) }
                _ = try client.result(of: client.execute(batch), batch)
            }
        } + [
            session("REQ-006/unknown-kinds", "A kind of population that is unknown, or negative, is MALFORMED") {
                context in
                let client = try context.leased()
                let good = ControlPayload.configure(context.network())
                try context.each([0, 3, 255, UInt64(UInt32.max), 1 << 31, .max, 1 << 63], { "kind \($0)" }) { kind in
                    var payload = good
                    var population = ProtobufFields()
                    population.add(1, kind)
                    population.add(2, 1)
                    payload.add(2, population)
                    try client.refused(.configure, payload.encoded(), [.malformed])
                }
                try client.configure(context.network())
            },
            session("REQ-006/open", "OPEN that cannot be parsed is refused with MALFORMED, and the link goes on") {
                context in
                let client = try context.greeted()
                try client.refused(.open, [0x0A, 0x20, 1], [.malformed])
                try client.open()
            },
            session("REQ-006/hello", "HELLO that cannot be parsed is refused with MALFORMED, and the link goes on") {
                context in
                let client = try context.link()
                try client.refused(.hello, [0x0A, 0x20, 1], [.malformed])
                try client.greet()
            },
            session("REQ-006/credit-changes-nothing", "CREDIT that cannot be parsed grants nothing") { context in
                let batch = context.batch()
                let client = try context.leased(credit: 0)
                try client.arm(batch)
                try client.stage(batch)
                try client.check(try client.response(to: client.execute(batch)), is: .execute)
                try client.awaitDone(batch)
                client.send(.credit, [0x08, 0xFF])
                let message = try client.next(within: .milliseconds(300))
                if message?.type == .error {
                    try context.require(
                        message?.header.status == .malformed, "the link ended with \(message?.header.status ?? .ok)")
                } else {
                    try context.require(
                        message == nil, "\(message?.name ?? "") came after a CREDIT that cannot be parsed")
                    try context.require(
                        try client.settle().allSatisfy { $0.type != .result }, "results were sent without credit")
                }
            },
            session("CTL-001/unknown-fields", "Unknown fields of every wire type are ignored") { context in
                let client = try context.opened()
                for _ in 0..<10 {
                    var fields = ProtobufFields()
                    fields.add(100, context.random.next())
                    fields.add(101, fixed64: context.random.next())
                    fields.add(1, 5_000)
                    fields.add(102, fixed32: 7)
                    fields.add(103, bytes: context.random.bytes(context.random.below(200)))
                    fields.add((1 << 29) - 1, 1)
                    try client.ok(.acquire, fields.encoded())
                }
            },
            session("CTL-001/unknown-group", "An unknown group is ignored") { context in
                let client = try context.opened()
                try client.ok(.acquire, [0x08, 0x88, 0x27, 0xA3, 0x06, 0x08, 0x01, 0xA4, 0x06])
            },
            session("CTL-001/any-order", "Fields may come in any order") { context in
                let batch = context.batch()
                let client = try context.leased()
                var fields = ControlPayload.configure(batch.configuration)
                fields.fields =
                    fields.fields.filter { $0.number > 3 }.reversed() + fields.fields.filter { $0.number <= 3 }
                let payload = fields.encoded()
                try client.ok(.configure, payload)
                client.chip = WrittenChip(configurationHash: ContentHash.configuration(payload))
                try client.write(batch.synapses.codes, epoch: 1)
                try client.run(batch)
            },
            session("CTL-001/given-twice", "Of a field that is given twice the last one counts") { context in
                let client = try context.opened()
                var fields = ProtobufFields()
                fields.add(1, 60_000)
                fields.add(1, 5_000)
                let grant = try client.ok(.acquire, fields.encoded()).fields()
                try context.require(
                    grant.number(2) <= 5_000, "a lease of \(grant.number(2)) ms was granted, 5000 was the last wish")
            },
            session("CTL-001/long-numbers", "Numbers may be longer than need be") { context in
                let client = try context.opened()
                try client.ok(.acquire, [0x08, 0x88, 0xA7, 0x80, 0x80, 0x00])
                try client.ok(.acquire, [0x88, 0x80, 0x00, 0x88, 0x27])
            },
            session(
                "CTL-001/empty-where-ignored", "Where the payload is empty by the table, one that is there is ignored"
            ) { context in
                let client = try context.opened()
                for type in [MessageType.ping, .query, .describe, .list, .get] {
                    try client.ok(type, context.random.bytes(40))
                }
            },
            session("CTL-002/four-levels", "Four levels of nesting are taken") { context in
                let client = try context.opened()
                try client.ok(.acquire, nested(3))
            },
            session("CTL-002/five-levels", "A fifth level of nesting is refused with MALFORMED") { context in
                let client = try context.opened()
                try client.refused(.acquire, nested(4), [.malformed])
            },
            session(
                "CTL-002/hundreds-of-levels", "Four hundred levels of nesting are refused with MALFORMED", hostile: true
            ) { context in
                let client = try context.opened()
                try client.refused(.acquire, nested(400), [.malformed])
            },
            session("CTL-003/label", "A label that is not UTF-8 is refused with MALFORMED") { context in
                try context.each(
                    [[0xC3, 0x28], [0xFF], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF5, 0x80, 0x80, 0x80]], { Hex.text($0) }
                ) { bytes in
                    let client = try context.greeted()
                    var open = ControlPayload.open(run: context.random.bytes(16), label: "", credit: 0)
                    open.set(2, .bytes(bytes))
                    client.send(.open, open.encoded())
                    let answer = try client.next()
                    try context.require(
                        answer?.header.status == .malformed, "\(answer?.name ?? "nothing") came where MALFORMED was due"
                    )
                }
            },
            session("CTL-003/features", "A feature that is not UTF-8 is refused with MALFORMED") { context in
                let client = try context.link()
                var hello = ControlPayload.hello(nonce: context.random.bytes(16), grease: 1)
                hello.add(2, bytes: [0x80])
                client.send(.hello, hello.encoded())
                let answer = try client.next()
                try context.require(
                    answer?.header.status == .malformed, "\(answer?.name ?? "nothing") came where MALFORMED was due")
            },
            session("CTL-003/utf-8-comes-back", "Text in any script comes back as it was sent") { context in
                let label = "\u{6E2C}\u{8A66} \u{0394}\u{03C4}"
                let holder = try context.opened(label: label)
                try holder.acquire()
                let state = try context.opened().ok(.query).fields()
                try context.require(
                    try state.message(3).text(1) == label,
                    "the holder's label came back as \"\(try state.message(3).text(1))\"")
            },
        ]

    /// Unknown groups inside each other, so many levels below the payload's own.
    private static func nested(_ levels: Int) -> [UInt8] {
        // Field 100 as a group: start (100 << 3 | 3) and end (100 << 3 | 4).
        Array(repeating: [0xA3, 0x06], count: levels).flatMap { $0 }
            + Array(repeating: [0xA4, 0x06], count: levels).flatMap { $0 }
    }
}
