import WireProtocol

extension FramingCases {
    /// Section 3.1, where the device is a program whose link is its standard input and output.
    static let streams: [ConformanceCase] = [
        stream("STR-001/byte-by-byte", "Frames that come byte by byte are put together") { context in
            let client = try context.link()
            let hello = ControlPayload.hello(nonce: context.random.bytes(16), grease: 2).encoded()
            let frame = client.frames(MessageType.hello.rawValue, hello, sizes: [hello.count])[0]
            for byte in frame.bytes { client.transmit([byte]) }
            try client.check(try client.response(to: frame.request), is: .hello)
            try client.open()
        },
        stream("STR-001/many-at-once", "Frames that come at once are told apart, empty ones too") { context in
            let client = try context.opened()
            var bytes: [UInt8] = []
            var requests: [UInt64] = []
            for index in 0..<50 {
                let payload = index % 2 == 0 ? [] : ControlPayload.number(index)
                let type: MessageType = index % 2 == 0 ? .ping : .cancel
                let frame = client.frames(type.rawValue, payload, sizes: [payload.count])[0]
                bytes += frame.bytes
                requests.append(frame.request)
            }
            client.transmit(bytes)
            for request in requests {
                let answer = try client.response(to: request)
                try context.require(answer.header.status == .ok, "\(answer.name) came for request \(request)")
            }
        },
        stream("STR-001/cut-anywhere", "Frames that come in pieces of any length are put together") { context in
            let batch = context.batch(entries: 4)
            let client = try context.armed(for: batch)
            let payload = ControlPayload.stage(batch, slot: 0)
            let frame = client.frames(MessageType.stage.rawValue, payload, sizes: [payload.count])[0]
            var rest = frame.bytes[...]
            while !rest.isEmpty {
                let count = 1 + context.random.below(90)
                client.transmit(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            try client.check(try client.response(to: frame.request), is: .stage)
            _ = try client.result(of: client.execute(batch), batch)
        },
        stream(
            "STR-002/no-frame-after-a-violation", "After a violation right frames in the same stream are not answered"
        ) {
            context in
            let client = try context.opened()
            client.send(.ping, alter: { $0[60] ^= 1 })
            try client.expectEnd([.badHeaderCRC])
            client.forgetEnding()
            (client.sequence, client.session) = (0, 0)
            for _ in 0..<3 {
                let hello = ControlPayload.hello(nonce: context.random.bytes(16), grease: 2)
                client.send(.hello, hello.encoded())
            }
            try context.require(
                try client.next(within: .milliseconds(300)) == nil,
                "the device answers in a stream that it has given up")
        },
        stream("STR-002/no-frame-in-a-payload", "A frame within a payload whose header is damaged is not acted on") {
            context in
            let client = try context.opened()
            let inner = client.frames(MessageType.acquire.rawValue, ControlPayload.number(5_000), sizes: [3])[0]
            client.send(.cancel, inner.bytes, alter: { $0[0] ^= 1 })
            try client.expectEnd([.badMagic])
            client.forgetEnding()
            try context.require(
                try client.next(within: .milliseconds(300)) == nil, "the device acts on a frame within a payload")
        },
        stream("STR-003/ends-with-its-input", "The program ends within 2 s of the end of its input") { context in
            guard let ends = context.target.endsWithItsInput(within: .seconds(2)) else {
                throw CaseStop.skipped("the device is no program")
            }
            try context.require(ends, "the program runs on 2 s after its input has ended")
        },
    ]

    private static func stream(
        _ id: String, _ title: String, _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .framing, needs: [.stream], body: body)
    }
}
