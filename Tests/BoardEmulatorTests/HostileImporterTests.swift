import BoardEmulator
import Dispatch
import Testing

/// Importers that break the protocol, or leave in the middle of it: the server closes, and serves the next one.
@Suite struct HostileImporterTests {
    private let board = USBBoardFunction(identity: USBBoardIdentity(serial: 7, bootID: 3))
    private let server: USBIPServer

    init() throws {
        server = try USBIPServer(serving: board, port: 0)
    }

    /// A command with these words, of which the last two are the setup.
    private static func command(_ words: [UInt32]) -> [UInt8] {
        (words + [UInt32](repeating: 0, count: 12 - words.count)).flatMap(\.bigEndianBytes)
    }

    private static let importing =
        USBIPMessage.operation(USBIPMessage.importRequest, .done) + USBIPMessage.padded("1-1", to: 32)

    @Test(arguments: [
        ("another version", [1, 6, 0x80, 5, 0, 0, 0, 0]),
        ("an unknown operation", [1, 0x11, 0x80, 9, 0, 0, 0, 0]),
        ("a reply", [1, 0x11, 0, 5, 0, 0, 0, 0]),
        (
            "a bus id without an end",
            USBIPMessage.operation(USBIPMessage.importRequest, .done) + [UInt8](repeating: 0x31, count: 32)
        ),
        ("an unknown command", importing + command([9, 1])),
        ("a return", importing + command([3, 1])),
        ("a direction", importing + command([1, 1, 0, 2, 1])),
        ("an endpoint", importing + command([1, 1, 0, 0, 16])),
        ("four gigabytes", importing + command([1, 1, 0, 0, 1, 0, .max])),
        ("two gigabytes", importing + command([1, 1, 0, 1, 1, 0, 0x7FFF_FFFF])),
        ("an isochronous transfer", importing + command([1, 1, 0, 0, 1, 0, 4, 0, 3])),
        ("a number in use", importing + command([1, 1, 0, 1, 1, 0, 64]) + command([1, 1, 0, 1, 1, 0, 64])),
    ]) func whatIsNoProtocolEndsTheConnection(name: String, bytes: [UInt8]) throws {
        defer { server.stop() }
        let socket = try LoopbackSocket.connected(to: server.port)
        _ = socket.write(bytes)
        // What an import answers, and then the end.
        socket.setReadLimit(seconds: 3)
        var count = 0
        while socket.read(1) != nil { count += 1 }
        #expect([0, 8, 320].contains(count), "\(name): \(count) bytes")
        try expectService(after: name)
    }

    @Test func leavingAtAnyByteLeavesTheBoardFree() throws {
        defer { server.stop() }
        let setup = USBSetup(requestType: 0x41, request: 4, length: 8).bytes
        let session =
            Self.importing + Self.command([1, 1, 0, 1, 1, 0, 512])
            + [1, 2, 0, 0, 0, 0, 8, 0, 0, 0].flatMap(\UInt32.bigEndianBytes) + setup + [1, 2, 3, 4, 5, 6, 7, 8]
            + Self.command([1, 3, 0, 0, 1, 0, 5]) + [1, 2, 3, 4, 5]
            + Self.command([2, 4, 0, 0, 0, 1])
        for length in stride(from: 0, through: session.count, by: 3) {
            let socket = try LoopbackSocket.connected(to: server.port)
            _ = socket.write([UInt8](session[..<length]))
            if length % 2 == 0 { socket.shutDown() }
        }
        try expectService(after: "leaving")
    }

    /// Sessions with bytes changed at random; prints its seed.
    @Test func changedBytesNeverStopTheServer() throws {
        defer { server.stop() }
        var random = SystemRandomNumberGenerator()
        var state = random.next()
        let seed = state
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var listener = USBBoardListener(on: board)
        let session =
            Self.importing + Self.command([1, 1, 0, 1, 1, 0, 512])
            + Self.command([1, 2, 0, 1, 0, 0, 18, 0, 0, 0, 0x8006_0001, 0x0000_1200])
            + Self.command([1, 3, 0, 0, 1, 0, 5]) + [1, 2, 3, 4, 5] + Self.command([2, 4, 0, 0, 0, 1])
        for _ in 0..<300 {
            var bytes = session
            for _ in 0...next(3) {
                // Most changes come after the import, which is soon refused.
                let place = next(4) == 0 ? next(bytes.count) : 40 + next(bytes.count - 40)
                bytes[place] = UInt8(next(256))
            }
            let socket = try LoopbackSocket.connected(to: server.port)
            _ = socket.write(bytes)
            socket.shutDown()
            while listener.receive(within: .zero) != nil {}
            _ = listener.takeEvents()
        }
        try expectService(after: "seed \(seed)")
    }

    @Test func anImporterThatDoesNotReadIsDropped() throws {
        defer { server.stop() }
        var listener = USBBoardListener(on: board)
        let socket = try LoopbackSocket.connected(to: server.port)
        _ = socket.write(Self.importing)
        #expect(socket.read(320) != nil)
        // A frame without end: every read gets 1 MiB, and nobody takes it from the wire.
        _ = socket.write(Self.command([1, 1, 0, 0, 1, 0, 1]) + [1])
        let peer = try nextFrame(&listener).peer
        for _ in 0..<63 { try listener.send([UInt8](repeating: 0, count: 1 << 20 | 1), to: peer) }
        var number: UInt32 = 2
        var isOpen = true
        while isOpen, number < 400_000 {
            isOpen = socket.write(Self.command([1, number, 0, 1, 1, 0, 1 << 20]))
            number += 1
            while listener.receive(within: .zero) != nil {}
            if canSend([UInt8](repeating: 0, count: 1 << 20 | 1), to: peer, on: &listener) { continue }
        }
        #expect(!isOpen)
        try expectService(after: "not reading")
    }

    /// The board can be imported, and answers.
    private func expectService(after what: String) throws {
        for _ in 0..<300 {
            if let client = try USBIPClient(port: server.port) {
                let info = client.control(USBSetup(requestType: 0xC1, request: 3, length: 32))
                #expect(info?.count == 32, "after \(what)")
                return
            }
            DispatchSemaphore(value: 0).wait(milliseconds: 10)
        }
        Issue.record("the board is not free after \(what)")
    }
}
