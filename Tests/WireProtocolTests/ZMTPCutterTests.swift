import Testing
import WireProtocol

/// What a peer says, cut into frames: by whatever pieces it comes, and whatever it is.
@Suite struct ZMTPCutterTests {
    private static let limit = 100_000

    /// An opening, and what follows it.
    private static func bytes(_ tail: (inout [UInt8]) -> Void) -> [UInt8] {
        var bytes = ZMTP.opening(as: .dealer)
        tail(&bytes)
        return bytes
    }

    private static func arrivals(
        _ bytes: [UInt8], pieces: Int, isDirect: Bool = false
    ) throws(ZMTPCutter.Violation) -> [ZMTPCutter.Arrival] {
        var cutter = ZMTPCutter(frameLimit: Self.limit)
        var arrivals: [ZMTPCutter.Arrival] = []
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            var piece = bytes[start..<min(start + pieces, bytes.count)]
            // What belongs to a part that has begun goes straight to it, or with the rest.
            if isDirect, cutter.missingCount > 0 {
                cutter.append { room in
                    while !room.isFull, let byte = piece.popFirst() { room.append(byte) }
                }
            }
            if !piece.isEmpty { cutter.append(piece) }
            while let arrival = try cutter.next() { arrivals.append(arrival) }
        }
        return arrivals
    }

    @Test(arguments: [1, 2, 3, 63, 64, 65, 4_096, 1 << 20], [false, true])
    func theSameComesOutWhateverThePieces(pieces: Int, isDirect: Bool) throws {
        let frames = [0, 1, 255, 256, 70_000].map { count in (0..<count).map { UInt8(truncatingIfNeeded: $0) } }
        let bytes = Self.bytes { bytes in
            for frame in frames { ZMTP.append(message: frame, to: &bytes) }
            ZMTP.append(command: ZMTP.ping, [0, 10, 1, 2, 3], to: &bytes)
            // A message of two parts, one that says something new, and one more frame.
            bytes += [1, 2, 7, 7, 0, 1, 8]
            ZMTP.append(command: Array("LATER".utf8), [1], to: &bytes)
            ZMTP.append(message: [9], to: &bytes)
        }
        #expect(
            try Self.arrivals(bytes, pieces: pieces, isDirect: isDirect)
                == [.ready] + frames.map { .frame($0) } + [.ping(context: [1, 2, 3]), .frame([9])])
    }

    /// Openings and what follows them that no peer may send.
    private static let violations: [String: [UInt8]] = [
        "another protocol": Array("GET / HTTP/1.1".utf8),
        "no signature": [0xFF] + [UInt8](repeating: 0, count: 63),
        "an old version": ZMTP.greeting[..<10] + [2] + ZMTP.greeting[11...],
        "encryption": ZMTP.greeting[..<12] + Array("CURVE".utf8) + ZMTP.greeting[17...],
        "a message before the handshake": ZMTP.greeting + [0, 1, 5],
        "another command before the handshake": ZMTP.greeting + [4, 5, 4] + ZMTP.ping,
        "a refusal": ZMTP.greeting + [4, 6, 5] + ZMTP.error,
        "a later refusal": bytes { ZMTP.append(command: ZMTP.error, [], to: &$0) },
        "unknown flags": bytes { $0 += [8, 0] },
        "a command in parts": bytes { $0 += [5, 0] },
        "a command without a name": bytes { $0 += [4, 0] },
        "a name of no length before the handshake": ZMTP.greeting + [4, 1, 0],
        "a name beyond its command": bytes { $0 += [4, 2, 9, 9] },
        "a long command": bytes { $0 += [6, 0, 0, 0, 0, 0, 0, 2, 1] },
        "a message above the limit": bytes { $0 += [2, 0, 0, 0, 0, 0, 1, 0x86, 0xA1] },
        "the longest length there is": bytes { $0 += [2] + [UInt8](repeating: 0xFF, count: 8) },
    ]

    @Test(arguments: violations.keys.sorted()) func aViolationIsSeen(what: String) throws {
        let bytes = try #require(Self.violations[what])
        for (pieces, isDirect) in [(1, false), (1, true), (1_000, false)] {
            #expect(throws: ZMTPCutter.Violation.self) {
                try Self.arrivals(bytes, pieces: pieces, isDirect: isDirect)
            }
        }
    }

    @Test func noBytesDoHarm() {
        var random = SystemRandomNumberGenerator()
        let seed = random.next()
        var state = seed
        for _ in 0..<2_000 {
            let bytes = Self.bytes { bytes in
                for _ in 0..<64 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    // Flags and lengths that mean something, mostly.
                    bytes.append(UInt8(truncatingIfNeeded: state >> 33) & (state >> 60 == 0 ? 0xFF : 7))
                }
            }
            let outcomes = [(1, false), (7, false), (7, true), (1_000, false)].map { pieces, isDirect in
                (try? Self.arrivals(bytes, pieces: pieces, isDirect: isDirect)).map { arrivals in arrivals.count }
            }
            #expect(outcomes.allSatisfy { $0 == outcomes[0] }, "seed \(seed)")
        }
    }
}
