import BoardEmulator
import Dispatch
import Testing

/// USB/IP on this machine's loopback interface, with an importer of our own.
@Suite struct USBIPServerTests {
    private let board = USBBoardFunction(identity: USBBoardIdentity(serial: 7, bootID: 3))
    private let server: USBIPServer

    init() throws {
        server = try USBIPServer(serving: board, port: 0)
    }

    @Test func theListHoldsTheBoardAndItsInterface() throws {
        defer { server.stop() }
        let socket = try LoopbackSocket.connected(to: server.port)
        _ = socket.write(USBIPMessage.operation(USBIPMessage.listRequest, .done))
        let list = try #require(socket.read(8 + 4 + 312 + 4))
        #expect(socket.read(1) == nil, "the server closes after the list")
        #expect(list[..<12] == [0x01, 0x11, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1])
        #expect(list[268..<272] == [0x31, 0x2D, 0x31, 0], "the bus id 1-1")
        #expect(
            list[300...] == [
                0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x12, 9, 0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 255, 0x56, 1, 0,
            ])
    }

    @Test func oneImporterHasTheBoardAtATime() throws {
        defer { server.stop() }
        #expect(try USBIPClient(port: server.port, busID: "1-2") == nil)
        let first = try #require(try USBIPClient(port: server.port))
        #expect(try USBIPClient(port: server.port) == nil)
        first.socket.shutDown()
        #expect(try importSoon() != nil, "the board is free when its importer has gone")
    }

    @Test func descriptorsComeByControlRequests() throws {
        defer { server.stop() }
        let client = try #require(try USBIPClient(port: server.port))
        func descriptor(_ kind: UInt16, _ index: UInt16 = 0, length: UInt16 = 255) -> USBIPClient.Return? {
            client.control(USBSetup(requestType: 0x80, request: 6, value: kind << 8 | index, length: length))
        }
        let device = try #require(descriptor(1))
        let configuration = try #require(descriptor(2))
        #expect(device.bytes + configuration.bytes == board.descriptors)
        #expect(descriptor(2, length: 9)?.bytes == [UInt8](configuration.bytes[..<9]))
        #expect(descriptor(3, 3)?.bytes == [4, 3, 0x37, 0], "the serial, 7")
        #expect(descriptor(3, 9)?.status == -32)
        #expect(client.control(USBSetup(requestType: 0xC1, request: 3, length: 32))?.count == 32)
        // A length in the header other than in the request.
        let number = client.submit(
            endpoint: 0, isIn: false, length: 3, setup: USBSetup(requestType: 0x41, request: 4, length: 8).bytes,
            data: [1, 2, 3])
        #expect(client.next() == .init(command: 3, sequence: number, status: -32))
    }

    @Test func framesGoBothWays() throws {
        defer { server.stop() }
        var listener = USBBoardListener(on: board)
        let client = try #require(try USBIPClient(port: server.port))
        for length in [1, 511, 512, 513, 1_024, 100_000, 1 << 18] {
            let frame = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) }
            let sent = client.send(frame)
            #expect(client.next() == .init(command: 3, sequence: sent, status: 0, count: length))
            let arrived = try nextFrame(&listener)
            #expect(arrived.bytes == frame)
            try listener.send(frame, to: arrived.peer)
            var back: [UInt8] = []
            // Reads of 16 KiB, the last one short.
            while true {
                client.submit(endpoint: 1, isIn: true, length: 16 << 10)
                let part = try #require(client.next())
                back += part.bytes
                if part.count < 16 << 10 { break }
            }
            #expect(back == frame)
        }
        // Without the flag whole packets do not end a transfer.
        client.submit(endpoint: 1, isIn: false, length: 512, data: [UInt8](repeating: 1, count: 512))
        client.submit(endpoint: 1, isIn: false, length: 1, data: [2])
        _ = (client.next(), client.next())
        #expect(try nextFrame(&listener).bytes.count == 513)
    }

    @Test func aCancelledTransferHasOneReturn() throws {
        defer { server.stop() }
        let client = try #require(try USBIPClient(port: server.port))
        let read = client.submit(endpoint: 1, isIn: true, length: 512)
        let cancel = client.unlink(read)
        #expect(client.next() == .init(command: 4, sequence: cancel, status: -104))
        let late = client.unlink(read)
        #expect(client.next() == .init(command: 4, sequence: late, status: 0))
        // Control requests and transfers to the board can wait too.
        board.inject(.holdOut)
        board.inject(.holdControl)
        let write = client.send([1, 2, 3])
        let request = client.submit(
            endpoint: 0, isIn: true, length: 32, setup: USBSetup(requestType: 0xC1, request: 3, length: 32).bytes)
        for target in [write, request] {
            let cancel = client.unlink(target)
            #expect(client.next() == .init(command: 4, sequence: cancel, status: -104))
        }
        board.release()
        #expect(client.next(within: .milliseconds(50)) == nil, "what was cancelled returns no more")
    }

    /// Whoever comes first, the importer hears of each transfer exactly once, and of the cancellation after it.
    @Test func cancellingRacesWithTheEnd() throws {
        defer { server.stop() }
        var listener = USBBoardListener(on: board)
        let client = try #require(try USBIPClient(port: server.port))
        client.send([0])
        _ = client.next()
        let peer = try nextFrame(&listener).peer
        var ended = 0
        var cancelled = 0
        for round in 0..<500 {
            let read = client.submit(endpoint: 1, isIn: true, length: 512)
            if round % 3 != 0 { try listener.send([UInt8(round % 251)], to: peer) }
            let cancel = client.unlink(read)
            let first = try #require(client.next())
            if first.command == 3 {
                #expect(first.sequence == read)
                #expect(client.next() == .init(command: 4, sequence: cancel, status: 0))
                ended += 1
            } else {
                #expect(first == .init(command: 4, sequence: cancel, status: -104))
                cancelled += 1
            }
        }
        #expect(ended > 0 && cancelled > 0)
        #expect(client.next(within: .milliseconds(20)) == nil)
    }

    @Test func faultsHaveTheNumbersOfLinux() throws {
        defer { server.stop() }
        var listener = USBBoardListener(on: board)
        let client = try #require(try USBIPClient(port: server.port))
        func status(_ fault: USBBoardFault) throws -> Int32? {
            board.inject(fault)
            client.submit(endpoint: 1, isIn: true, length: 512)
            return client.next()?.status
        }
        client.send([0])
        _ = client.next()
        let peer = try nextFrame(&listener).peer
        for _ in 0..<3 { try listener.send([UInt8](repeating: 1, count: 100), to: peer) }
        #expect(try status(.failIn) == -71)
        #expect(try status(.babbleIn) == -75)
        client.submit(endpoint: 1, isIn: true, length: 512)
        _ = client.next()
        // URB_SHORT_NOT_OK.
        client.submit(endpoint: 1, isIn: true, length: 512, flags: 1)
        #expect(client.next()?.status == -121)
        #expect(try status(.stallIn) == -32)
        for endpoint in [UInt32(2), 15] {
            client.submit(endpoint: endpoint, isIn: false, length: 2, data: [1, 2])
            #expect(client.next()?.status == -32, "there is no endpoint \(endpoint)")
        }
        board.unplug()
        client.submit(endpoint: 1, isIn: true, length: 512)
        #expect(client.next() == nil)
        #expect(client.isOver, "a board that is gone ends the connection")
        #expect(try USBIPClient(port: server.port) == nil)
        board.plug()
        #expect(try importSoon() != nil)
    }

    @Test func theServerEndsAtOnceWhateverGoesOn() throws {
        let client = try #require(try USBIPClient(port: server.port))
        client.submit(endpoint: 1, isIn: true, length: 512)
        let silent = try LoopbackSocket.connected(to: server.port)
        let start = ContinuousClock.now
        server.stop()
        #expect(ContinuousClock.now - start < .seconds(1))
        #expect(client.next() == nil)
        #expect(silent.read(1) == nil)
        #expect(throws: (any Error).self) { try LoopbackSocket.connected(to: server.port) }
    }

    /// The board's next importer; the former one's connection may take a moment to end.
    private func importSoon() throws -> USBIPClient? {
        for _ in 0..<200 {
            if let client = try USBIPClient(port: server.port) { return client }
            DispatchSemaphore(value: 0).wait(milliseconds: 10)
        }
        return nil
    }
}

extension DispatchSemaphore {
    /// Waits for so long, or a signal.
    func wait(milliseconds: Int) { _ = wait(timeout: .now() + .milliseconds(milliseconds)) }
}
