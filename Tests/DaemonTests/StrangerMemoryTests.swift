import DeviceTransport
import Foundation
import Glibc
import Testing
import WireProtocol
import ZeroMQDriver

extension DaemonTests {
    /// What who has no session, or has not shown a key, can make the whole daemon keep (LIM-002): less than 64 KiB each.
    @Suite struct StrangerMemoryTests {
        private static let strangers = 50
        private static let limit = 64 << 10

        /// A way into the daemon.
        enum Door: String, CaseIterable, Sendable {
            case ipc, tcp, encrypted
        }

        /// What strangers say once they are in.
        enum Saying: String, CaseIterable, Sendable {
            case longestFrameUnfinished
            case longestFrames
            case partsWithoutEnd
            case tooLongFrame
            case longCommand
            case requestsWithoutReading

            func say(to daemon: Stranger, through door: Door) {
                let longest =
                    door == .encrypted ? ZeroMQLimits.encryptedFrameBytes : ZeroMQLimits.strangerFrameBytes
                switch self {
                case .longestFrameUnfinished: daemon.send(Self.message(longest, flags: 2, lacking: 1))
                case .longestFrames:
                    for _ in 0..<8 { daemon.send(Self.message(longest, flags: 2)) }
                    daemon.send(Self.message(longest, flags: 2, lacking: 1))
                case .partsWithoutEnd: for _ in 0..<8 { daemon.send(Self.message(longest, flags: 3)) }
                case .tooLongFrame: daemon.send(Self.message(1 << 20, flags: 2, lacking: 1))
                case .longCommand: daemon.send(Self.message(longest, flags: 6, lacking: 1))
                case .requestsWithoutReading:
                    var requests: [UInt8] = []
                    for number in 0..<1_000 as Range<UInt64> {
                        var header = FrameHeader(type: MessageType.ping.rawValue)
                        header.sequence = number
                        header.request = number + 1
                        ZMTP.append(message: Frame.encode(header, payload: []), to: &requests)
                    }
                    // The kernel keeps some hundred kilobytes of answers; more stays with the daemon.
                    for _ in 0..<20 { daemon.send(requests) }
                }
            }

            /// A head of eight bytes for the length, and what it promises less so many bytes.
            private static func message(_ count: Int, flags: UInt8, lacking missing: Int = 0) -> [UInt8] {
                [flags] + (0..<8).map { UInt8(truncatingIfNeeded: count >> (56 - 8 * $0)) }
                    + [UInt8](repeating: 1, count: count - missing)
            }
        }

        @Test(arguments: Door.allCases, Saying.allCases)
        func strangersTakeLittleMemory(door: Door, saying: Saying) throws {
            let folder = FileManager.default.temporaryDirectory
                .appendingPathComponent("volley-strangers-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let daemon = try Self.daemon(behind: door, in: folder)
            let first = try Stranger(at: daemon.address)
            saying.say(to: first, through: door)
            let before = try Self.residentBytes(of: daemon, mostWithin: .milliseconds(100))
            var others: [Stranger] = []
            for _ in 0..<Self.strangers {
                others.append(try Stranger(at: daemon.address))
                saying.say(to: others[others.endIndex - 1], through: door)
            }
            let taken = try (Self.residentBytes(of: daemon, mostWithin: .milliseconds(400)) - before) / Self.strangers
            print("\(door), \(saying): \(taken) bytes for each stranger")
            #expect(taken < Self.limit)
            // The measure sees what is kept.
            if saying == .longestFrameUnfinished { #expect(taken > ZeroMQLimits.strangerFrameBytes / 2) }
            #expect(withExtendedLifetime((first, others)) { daemon.stop() } == .exited(0))
        }

        private static func daemon(behind door: Door, in folder: String) throws -> TestDaemon {
            switch door {
            case .ipc: return try TestDaemon(on: TestDaemon.freshAddress())
            case .tcp: return try TestDaemon(on: "tcp://127.0.0.1:0")
            case .encrypted:
                let clients = "\(folder)/clients.txt"
                try "\(String(repeating: "1b", count: 32)) somebody else\n"
                    .write(toFile: clients, atomically: true, encoding: .utf8)
                return try TestDaemon(
                    on: "tcp://127.0.0.1:0", ["--key", "\(folder)/server.key", "--clients", clients])
            }
        }

        /// The most memory of a daemon that is really there, of several looks.
        private static func residentBytes(of daemon: TestDaemon, mostWithin limit: Duration) throws -> Int {
            let end = ContinuousClock.now + limit
            var most = 0
            while ContinuousClock.now < end {
                let words = try String(contentsOfFile: "/proc/\(daemon.process.identifier)/statm", encoding: .utf8)
                    .split(separator: " ")
                most = max(most, (Int(words[1]) ?? 0) * 4_096)
                usleep(10_000)
            }
            return most
        }
    }
}
