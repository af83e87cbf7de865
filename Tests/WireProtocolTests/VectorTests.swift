import Foundation
import Substrate
import Testing
import WireProtocol

/// The frozen bytes of version 1: `protocol/vectors/v1/exchange.txt`, and the dump of one frame in `protocol/SPEC.md`.
///
/// `VOLLEY_WRITE_VECTORS=1` writes the file, which is for a new version's folder only.
@Suite struct VectorTests {
    private static let protocolFolder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "protocol")
    private static let file = protocolFolder.appending(path: "vectors/v1/exchange.txt")

    /// One exchange that has a frame of every type the sessions send.
    private static func exchange() -> [(fromHost: Bool, frame: [UInt8])] {
        var bench = Bench()
        let host = bench.add(Samples.host())
        bench.submit(Samples.batch(4), to: host)
        bench.finish()
        bench.submit(Samples.batch(5), to: host)
        bench.finish()
        bench.submit(Samples.batch(7), to: host)
        bench.cancel(7, on: host)
        bench.finish()
        bench.requestHealth(of: host)
        bench.advance(.seconds(4), hosts: [host])
        let other = bench.add(Samples.host(2, label: "bob"))
        bench.submit(Samples.batch(8), to: other)
        bench.close(host)
        return bench.tape
    }

    private static func name(_ frame: [UInt8]) -> String {
        MessageType(rawValue: frame[6]).map { "\($0)" } ?? "unknown"
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static let header = """
        # Frozen bytes of VP/1. Never edit: what version 1 has sent, version 1 must send and accept.
        # One frame a line: who sends it, its type, its bytes. Written by VectorTests from a fixed exchange.

        """

    @Test func theBytesOfVersionOneNeverChange() throws {
        let text =
            Self.header
            + Self.exchange().map {
                "\($0.fromHost ? "host" : "device") \(Self.name($0.frame)) \(Self.hex($0.frame))\n"
            }.joined()
        if ProcessInfo.processInfo.environment["VOLLEY_WRITE_VECTORS"] == "1" {
            try text.write(to: Self.file, atomically: true, encoding: .utf8)
        }
        let frozen = try String(contentsOf: Self.file, encoding: .utf8)
        for (line, expected) in zip(text.split(separator: "\n"), frozen.split(separator: "\n")) {
            #expect(line == expected)
        }
        #expect(text.count == frozen.count)
    }

    @Test func theSpecificationShowsTheBytesThatAreSent() throws {
        let spec = try String(
            contentsOf: Self.protocolFolder.appending(path: "SPEC.md"), encoding: .utf8)
        let frame = try #require(Self.exchange().first { Self.name($0.frame) == "stage" }).frame
        for start in stride(from: 0, to: frame.count, by: 16) {
            let line = frame[start..<min(start + 16, frame.count)].map { Self.hex([$0]) }
                .joined(separator: " ")
            #expect(spec.contains(line), "byte \(start)")
        }
    }

    @Test func everyPrefixOfEveryFrameIsTruncatedAtItsEnd() throws {
        for (_, frame) in Self.exchange() {
            for length in 0..<frame.count {
                let error = #expect(throws: WireError.self) {
                    try Frame(parsing: Array(frame[..<length]), limits: WireLimits())
                }
                #expect(error?.code == .truncated, "\(Self.name(frame)), \(length) bytes")
                #expect(error?.offset == length)
            }
        }
    }

    @Test func everyFlippedBitOfEveryFrameIsFound() throws {
        for (_, frame) in Self.exchange() {
            for bit in 0..<8 * frame.count {
                var damaged = frame
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                #expect(throws: WireError.self, "\(Self.name(frame)), bit \(bit)") {
                    try Frame(parsing: damaged, limits: WireLimits())
                }
            }
        }
    }

    /// Damage that the checksums do not show, as a faulty or hostile peer would make it, never traps.
    @Test func damagedPayloadsWithGoodChecksumsNeverTrap() throws {
        for (fromHost, frame) in Self.exchange() where fromHost && frame.count > 68 {
            for bit in 0..<8 * (frame.count - 68) {
                var bench = Bench()
                let host = bench.add(Samples.host())
                bench.submit(Samples.batch(4), to: host)
                let sent = bench.tape.filter(\.fromHost).count
                var payload = Array(frame[64..<frame.count - 4])
                payload[bit / 8] ^= 1 << UInt8(bit % 8)
                var header = try FrameHeader(parsing: frame)
                let last = try FrameHeader(
                    parsing: try #require(bench.tape.last { $0.fromHost }).frame)
                header.sequence = UInt64(sent)
                header.request = 1_000
                header.session = last.session
                header.token = last.token
                header.totalLength = UInt32(payload.count)
                let answers = bench.transmit(
                    Frame.encode(header, payload: payload[...]), from: PeerID(bytes: [0]))
                #expect(answers.count <= 3, "\(Self.name(frame)), bit \(bit)")
            }
        }
    }

    @Test func aRefusalOfTheVersionNamesBoth() throws {
        var device = DeviceEndpoint(configuration: Samples.device(), now: .zero)
        // Hello { versions { lowest_major 3, highest_major 4, highest_minor 2 } }
        var header = FrameHeader(type: MessageType.hello.rawValue)
        header.request = 1
        let payload: [UInt8] = [0x0A, 6, 0x08, 3, 0x10, 4, 0x18, 2]
        header.totalLength = UInt32(payload.count)
        let actions = device.receive(
            Frame.encode(header, payload: payload[...]), from: PeerID(bytes: [1]), now: .zero)
        guard case .transmit(let answer, _)? = actions.first else {
            Issue.record("no answer")
            return
        }
        let frame = try Frame(parsing: answer, limits: WireLimits())
        #expect(frame.header.status == .version)
        let text = String(decoding: frame.payload, as: UTF8.self)
        #expect(text.contains("3.0 to 4.2") && text.contains("1.0"))
    }
}
