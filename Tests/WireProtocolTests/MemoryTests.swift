import Foundation
import Substrate
import Testing
import WireProtocol

/// What a peer without a session can make a device remember (LIM-002, HEL-007): less than 64 KiB.
@Suite(.serialized) struct MemoryTests {
    private static let links = 1_000
    private static let limit = 64 << 10

    /// What a stranger sends, frame by frame.
    struct Stranger: Sendable, CustomStringConvertible {
        let description: String
        let frames: @Sendable () -> [[UInt8]]
    }

    private static func frame(
        _ type: MessageType, _ payload: [UInt8], sequence: UInt64, request: UInt64, of count: UInt16 = 1,
        total: Int? = nil
    ) -> [UInt8] {
        var header = FrameHeader(type: type.rawValue)
        header.sequence = sequence
        header.request = request
        header.fragmentCount = count
        header.totalLength = UInt32(total ?? payload.count)
        header.channel = type.isBulk ? .data : .control
        return Frame.encode(header, payload: payload[...])
    }

    /// HELLO as small as it may be, with so much of unknown features.
    private static func hello(features: Int = 0, of length: Int = 0) -> [UInt8] {
        var limits = ProtobufFields()
        for (number, value) in [1 << 20, 16 << 20, 64 << 10, 2, 4].enumerated() { limits.add(number + 1, value) }
        var versions = ProtobufFields()
        versions.add(1, 1)
        versions.add(2, 1)
        var hello = ProtobufFields()
        hello.add(1, versions)
        for _ in 0..<features { hello.add(2, String(repeating: "x", count: length)) }
        hello.add(4, limits)
        hello.add(5, bytes: Array(repeating: 1, count: 16))
        return hello.encoded()
    }

    static let strangers: [Stranger] = [
        Stranger(description: "greets") { [frame(.hello, hello(), sequence: 0, request: 1)] },
        Stranger(description: "offers many features") {
            [frame(.hello, hello(features: 900), sequence: 0, request: 1)]
        },
        Stranger(description: "says a long HELLO") {
            [frame(.hello, hello(features: 1, of: 60_000), sequence: 0, request: 1)]
        },
        Stranger(description: "begins a HELLO in fragments") {
            [
                frame(
                    .hello, Array(repeating: 0, count: 60_000), sequence: 0, request: 1, of: 2, total: 64_000)
            ]
        },
        Stranger(description: "greets and begins an OPEN in fragments") {
            [
                frame(.hello, hello(), sequence: 0, request: 1),
                frame(.open, Array(repeating: 0, count: 60_000), sequence: 1, request: 2, of: 2, total: 64_000),
            ]
        },
        Stranger(description: "greets and begins a bulk message") {
            [
                frame(.hello, hello(), sequence: 0, request: 1),
                frame(.stage, Array(repeating: 0, count: 256 << 10), sequence: 1, request: 2, of: 64, total: 16 << 20),
            ]
        },
    ]

    @Test(arguments: strangers) func aStrangerTakesLittleMemory(_ stranger: Stranger) throws {
        // Other tests run beside this one and leave memory to be used again, which is used up by keeping all devices.
        var devices: [DeviceEndpoint] = []
        let several = try (0..<5).map { _ in try Self.bytesPerLink(stranger, of: &devices) }.sorted()
        let taken = several[2]
        #expect(taken < Self.limit, "\(stranger): \(several) bytes a link")
        print("a stranger that \(stranger) takes \(taken) bytes")
    }

    /// The measure finds what is kept: a hundred kilobytes for each link are not overlooked.
    @Test func theMeasureSeesMemoryThatIsKept() throws {
        var kept: [[UInt8]] = []
        let taken = try (0..<5).map { _ in
            let before = try Self.residentBytes()
            kept += (0..<Self.links).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0 | 1), count: 100 << 10) }
            return (try Self.residentBytes() - before) / Self.links
        }
        #expect(kept.allSatisfy { $0[0] & 1 == 1 })
        #expect(taken.sorted()[2] > Self.limit, "\(taken) of \(100 << 10) bytes")
    }

    @Test func aDeviceRemembersSixteenStrangersAtMost() {
        var device = DeviceEndpoint(configuration: Samples.device(), now: .zero)
        for number in 0..<200 {
            let peer = PeerID(bytes: [UInt8(number)])
            _ = device.receive(Self.frame(.hello, Self.hello(), sequence: 0, request: 1), from: peer, now: .zero)
        }
        // Those that had to yield are strangers again.
        let answered = (0..<200).count { number in
            var header = FrameHeader(type: MessageType.ping.rawValue)
            (header.sequence, header.request) = (1, 2)
            let actions = device.receive(
                Frame.encode(header, payload: []), from: PeerID(bytes: [UInt8(number)]), now: .zero)
            return actions.contains { action in
                guard case .transmit(let frame, _) = action, let header = try? FrameHeader(parsing: frame) else {
                    return false
                }
                return header.status == .state
            }
        }
        #expect(answered == 16)
    }

    private static func bytesPerLink(_ stranger: Stranger, of devices: inout [DeviceEndpoint]) throws -> Int {
        var configuration = Samples.device()
        configuration.maximumHalfOpen = links
        var device = DeviceEndpoint(configuration: configuration, now: .zero)
        let before = try residentBytes()
        for number in 0..<links {
            let peer = PeerID(bytes: [UInt8(number & 255), UInt8(number >> 8)])
            // New bytes for each link, so that none is remembered at the cost of another.
            for frame in stranger.frames() { _ = device.receive(frame, from: peer, now: .zero) }
        }
        devices.append(device)
        return max(0, try residentBytes() - before) / links
    }

    /// Memory of this process that is really there.
    private static func residentBytes() throws -> Int {
        let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(words[1]) ?? 0) * 4_096
    }
}
