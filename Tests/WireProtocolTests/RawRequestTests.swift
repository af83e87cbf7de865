import Foundation
import Substrate
import Testing
import WireProtocol

/// Messages that `HostSession` has no use for, sent by hand: LIST, QUERY, CREDIT, RELEASE; and GOAWAY and ERROR as answers.
///
/// Their bytes are frozen in `protocol/vectors/v1/requests.txt`; with `exchange.txt` each message of version 1 has some.
@Suite struct RawRequestTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "protocol/vectors/v1")

    /// A session with one result that is not acknowledged, and a way to go on by hand.
    private struct RawHost {
        var bench: Bench
        var tape: [(fromHost: Bool, frame: [UInt8])] = []
        private let session: UInt64
        private let token: UInt32
        private var sequence: UInt64
        private var request: UInt64 = 1_000
        static let peer = PeerID(bytes: [0])

        init() throws {
            bench = Bench()
            let host = bench.add(Samples.host())
            bench.submit(Samples.batch(4), to: host)
            let last = try FrameHeader(parsing: try #require(bench.tape.last { $0.fromHost }).frame)
            session = last.session
            token = last.token
            sequence = UInt64(bench.tape.count { $0.fromHost })
        }

        /// Sends a request; answers go to the tape and are returned.
        mutating func send(_ type: MessageType, _ payload: [UInt8] = [], damaged: Bool = false) throws -> [Frame] {
            var header = FrameHeader(type: type.rawValue)
            header.session = session
            header.sequence = sequence
            header.request = request
            header.totalLength = UInt32(payload.count)
            sequence += 1
            request += 1
            var frame = Frame.encode(header, payload: payload[...])
            if damaged { frame[frame.count - 1] ^= 1 }
            tape.append((true, frame))
            let answers = bench.transmit(frame, from: Self.peer)
            tape += answers.map { (false, $0) }
            return try answers.map { try Frame(parsing: $0, limits: WireLimits()) }
        }

        mutating func leave() throws -> [Frame] {
            let answers = bench.device.goAway(reason: "maintenance", now: bench.now).compactMap { action in
                if case .transmit(let frame, _) = action { frame } else { nil }
            }
            tape += answers.map { (false, $0) }
            return try answers.map { try Frame(parsing: $0, limits: WireLimits()) }
        }
    }

    @Test func listNamesTheBatchThatRuns() throws {
        var host = try RawHost()
        let answers = try host.send(.list)
        #expect(answers.count == 1)
        #expect(answers[0].header.type == MessageType.list.rawValue && answers[0].header.status == .ok)
        // ListReply { held { batch 4, ... } }
        #expect(Array(answers[0].payload.prefix(4)).first == 0x0A)
        #expect(answers[0].payload.contains(4))
    }

    @Test func queryTellsTheHolderAndReleaseFreesTheChip() throws {
        var host = try RawHost()
        // LeaseState { held true, yours true }
        let held = try host.send(.query)
        #expect(Array(try #require(held.first).payload.prefix(4)) == [0x08, 1, 0x10, 1])
        let released = try host.send(.release)
        #expect(try #require(released.last).header.status == .ok)
        let free = try host.send(.query)
        #expect(try #require(free.last).payload.prefix(2) != [0x08, 1])
    }

    @Test func creditIsANoticeAndADamagedFrameEndsTheLinkWithError() throws {
        var host = try RawHost()
        // Credit { total_bytes 2^24 }
        #expect(try host.send(.credit, [0x08, 0x80, 0x80, 0x80, 0x08]).isEmpty)
        let answers = try host.send(.credit, [0x08, 1], damaged: true)
        let error = try #require(answers.first)
        #expect(error.header.type == MessageType.error.rawValue)
        #expect(error.header.status == .badPayloadCRC)
        #expect(try host.send(.ping).allSatisfy { $0.header.type == MessageType.error.rawValue })
    }

    @Test func goAwayTellsTheReason() throws {
        var host = try RawHost()
        let notice = try #require(try host.leave().first)
        #expect(notice.header.type == MessageType.goAway.rawValue)
        #expect(String(decoding: notice.payload, as: UTF8.self).contains("maintenance"))
    }

    @Test func theBytesOfTheseMessagesNeverChange() throws {
        var host = try RawHost()
        _ = try host.send(.query)
        _ = try host.send(.list)
        _ = try host.send(.credit, [0x08, 0x80, 0x80, 0x80, 0x08])
        _ = try host.send(.release)
        _ = try host.leave()
        _ = try host.send(.credit, [0x08, 1], damaged: true)
        let text =
            """
            # Frozen bytes of VP/1. Never edit: what version 1 has sent, version 1 must send and accept.
            # Messages that are not in exchange.txt; the last request is damaged on purpose.

            """
            + host.tape.map { fromHost, frame in
                let type = MessageType(rawValue: frame[6]).map { "\($0)" } ?? "unknown"
                let hex = frame.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                return "\(fromHost ? "host" : "device") \(type) \(hex)\n"
            }.joined()
        let file = Self.folder.appending(path: "requests.txt")
        if ProcessInfo.processInfo.environment["VOLLEY_WRITE_VECTORS"] == "1" {
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    @Test func everyMessageOfVersionOneHasFrozenBytes() throws {
        var seen: Set<String> = []
        for name in ["exchange.txt", "requests.txt"] {
            let text = try String(contentsOf: Self.folder.appending(path: name), encoding: .utf8)
            for line in text.split(separator: "\n") where !line.hasPrefix("#") {
                seen.insert(String(line.split(separator: " ")[1]))
            }
        }
        for type in MessageType.allCases { #expect(seen.contains("\(type)"), "\(type)") }
    }
}
