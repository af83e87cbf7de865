import BoardEmulator
import DeviceTransport
import Synchronization
import Testing

/// Transfers in, frames out, and back.
@Suite struct USBBoardFunctionTests {
    private static func board(packet: Int = 512) -> USBBoardFunction {
        USBBoardFunction(identity: USBBoardIdentity(serial: 7, bootID: 0x0102_0304_0506_0708, bulkPacketSize: packet))
    }

    /// Packet size, and a length of a frame around its multiples.
    private static let lengths: [(packet: Int, length: Int)] = [64, 512, 1_024].flatMap { packet in
        [1, 2, 5].flatMap { count in [-1, 0, 1].map { (packet, packet * count + $0) } }
    }

    @Test(arguments: lengths) func aFrameIsOneTransferWhateverItsLength(packet: Int, length: Int) throws {
        let board = Self.board(packet: packet)
        var listener = USBBoardListener(on: board)
        let frame = (0..<length).map { UInt8(truncatingIfNeeded: $0) }
        let out = Results()
        // In pieces of two packets, as a driver cuts it; an empty packet where the length asks for one.
        let piece = 2 * packet
        for start in stride(from: 0, to: length, by: piece) {
            let bytes = [UInt8](frame[start..<min(length, start + piece)])
            let isLast = start + piece >= length
            board.submitBulkOut(bytes, zeroPacket: isLast && length % packet == 0, completion: out.add)
        }
        let arrived = try next(&listener)
        #expect(arrived.bytes == frame)
        let quiet = isQuiet(&listener)
        #expect(quiet)
        #expect(out.all.map(\.count).reduce(0, +) == length)

        // Back, with two reads of two packets in flight at a time.
        try listener.send(frame, to: arrived.peer)
        try listener.send([1, 2, 3], to: arrived.peer)
        let back = Results()
        var transfers: [[UInt8]] = [[]]
        var seen = 0
        while transfers.count < 3, seen < 20 {
            board.submitBulkIn(length: piece, completion: back.add)
            let result = try #require(back.all.last)
            #expect(result.status == .completed)
            transfers[transfers.count - 1] += result.bytes
            if result.bytes.count < piece { transfers.append([]) }
            seen += 1
        }
        #expect(transfers == [frame, [1, 2, 3], []])
    }

    @Test func readsThatWaitAreServedInOrder() throws {
        let board = Self.board()
        var listener = USBBoardListener(on: board)
        let results = Results()
        for _ in 0..<3 { board.submitBulkIn(length: 512, completion: results.add) }
        board.submitBulkOut([9], zeroPacket: false, completion: Results().add)
        let peer = try next(&listener).peer
        try listener.send([UInt8](repeating: 1, count: 512), to: peer)
        try listener.send([2], to: peer)
        #expect(results.all.map(\.count) == [512, 0, 1])
    }

    @Test func aCancelledTransferEndsOnceAndLeavesTheBytesToTheNext() throws {
        let board = Self.board()
        var listener = USBBoardListener(on: board)
        let results = Results()
        let id = board.submitBulkIn(length: 64, completion: results.add)
        #expect(board.cancel(id))
        #expect(!board.cancel(id))
        #expect(results.all.map(\.status) == [.cancelled])
        board.submitBulkOut([9], zeroPacket: false, completion: { _ in })
        let peer = try next(&listener).peer
        try listener.send([4, 5], to: peer)
        board.submitBulkIn(length: 64, completion: results.add)
        #expect(results.all.last?.bytes == [4, 5])
    }

    @Test func aFullBoardLetsTheHostWait() throws {
        var identity = USBBoardIdentity(serial: 1, bootID: 1)
        identity.bufferBytes = 1_000
        let board = USBBoardFunction(identity: identity)
        var listener = USBBoardListener(on: board)
        let results = Results()
        for _ in 0..<3 {
            board.submitBulkOut([UInt8](repeating: 0, count: 600), zeroPacket: false, completion: results.add)
        }
        #expect(results.all.count == 1, "the second frame does not fit beside the first")
        let peer = try next(&listener).peer
        #expect(results.all.count == 2)
        // Answers that nobody reads stop questions too.
        try listener.send([UInt8](repeating: 0, count: 1_001), to: peer)
        _ = listener.receive(within: .zero)
        #expect(results.all.count == 2)
        board.submitBulkIn(length: 4_096, completion: { _ in })
        #expect(results.all.count == 3)
    }

    @Test func linkResetDropsWhatWaitsAndNamesANewPeer() throws {
        let board = Self.board()
        var listener = USBBoardListener(on: board)
        board.submitBulkOut([1], zeroPacket: false, completion: { _ in })
        let first = try next(&listener).peer
        try listener.send([7, 7, 7], to: first)
        board.submitBulkOut([2], zeroPacket: false, completion: { _ in })
        board.submitBulkOut([UInt8](repeating: 3, count: 512), zeroPacket: false, completion: { _ in })
        #expect(board.control(USBSetup(requestType: 0x41, request: 1)) == .data([]))
        let quiet = isQuiet(&listener)
        #expect(quiet)
        let events = listener.takeEvents()
        #expect(events == [.ended(first)])
        let reaches = canSend([8], to: first, on: &listener)
        #expect(!reaches)
        board.submitBulkOut([4], zeroPacket: false, completion: { _ in })
        let next = try next(&listener)
        #expect(next.bytes == [4], "the part of a frame from before the reset is gone")
        #expect(next.peer != first)
        let results = Results()
        board.submitBulkIn(length: 64, completion: results.add)
        #expect(results.all.isEmpty)
    }

    @Test func linkInfoAndStatusTellTheirTables() throws {
        let board = Self.board()
        let info = board.control(USBSetup(requestType: 0xC1, request: 3, length: 32))
        let limits: [UInt8] = [0, 0, 4, 0, 0, 0, 0, 1, 0, 0, 1, 0]
        let boot: [UInt8] = [8, 7, 6, 5, 4, 3, 2, 1]
        #expect(info == .data([1, 1, 0, 0] + limits + boot + [7, 0, 0, 0, 0, 0, 0, 0]))
        guard case .data(let status) = board.control(USBSetup(requestType: 0xC1, request: 2, length: 32)) else {
            Issue.record("LINK_STATUS stalled")
            return
        }
        #expect(status == boot + [UInt8](repeating: 0, count: 24))
    }

    @Test func onlyTheFourVendorRequestsAreAnswered() {
        let board = Self.board()
        for type in [UInt8(0x41), 0xC1] {
            for request in UInt8(0)...8 {
                for (value, index) in [(UInt16(0), UInt16(0)), (1, 0), (0, 1)] {
                    let data = [UInt8](repeating: 0, count: request == 4 ? 8 : 0)
                    let setup = USBSetup(
                        requestType: type, request: request, value: value, index: index,
                        length: type == 0xC1 ? 32 : UInt16(data.count))
                    let isKnown =
                        value == 0 && index == 0 && (type == 0xC1 ? 2...3 ~= request : [1, 4].contains(request))
                    let answer = board.control(setup, data: type == 0xC1 ? [] : data)
                    #expect((answer != .stall) == isKnown, "\(setup)")
                }
            }
        }
        #expect(board.control(USBSetup(requestType: 0x41, request: 4, length: 4), data: [0, 0, 0, 0]) == .stall)
    }

    @Test func unpluggingEndsEveryTransfer() {
        let board = Self.board()
        let results = Results()
        board.inject(.holdOut)
        board.inject(.holdControl)
        board.submitBulkIn(length: 64, completion: results.add)
        board.submitBulkOut([1], zeroPacket: false, completion: results.add)
        board.submitControl(USBSetup(requestType: 0xC1, request: 3, length: 32), completion: results.add)
        #expect(results.all.isEmpty)
        board.unplug()
        board.submitBulkIn(length: 64, completion: results.add)
        board.submitControl(USBSetup(requestType: 0xC1, request: 3, length: 32), completion: results.add)
        #expect(results.all.map(\.status) == [.gone, .gone, .gone, .gone, .gone])
        #expect(board.control(USBSetup(requestType: 0xC1, request: 3, length: 32)) == .gone)
        board.plug()
        board.submitControl(USBSetup(requestType: 0xC1, request: 3, length: 32), completion: results.add)
        #expect(results.all.last?.count == 32)
    }

    @Test func faultsComeOnceEach() throws {
        let board = Self.board()
        var listener = USBBoardListener(on: board)
        let results = Results()
        board.submitBulkOut([1], zeroPacket: false, completion: { _ in })
        let peer = try next(&listener).peer
        board.inject(.stallIn)
        board.submitBulkIn(length: 512, completion: results.add)
        board.submitBulkIn(length: 512, completion: results.add)
        #expect(results.all.map(\.status) == [.stalled, .stalled], "a halt stays until it is cleared")
        #expect(board.control(USBSetup(requestType: 0x82, request: 0, index: 0x81, length: 2)) == .data([1, 0]))
        #expect(board.control(USBSetup(requestType: 0x02, request: 1, index: 0x81)) == .data([]))
        board.inject(.babbleIn)
        try listener.send([1, 2, 3, 4], to: peer)
        board.submitBulkIn(length: 2, completion: results.add)
        #expect(results.all.last == results.all.first { $0.status == .overflow })
        board.submitBulkIn(length: 512, completion: results.add)
        #expect(results.all.last?.bytes == [3, 4])
        board.inject(.shortIn(1))
        try listener.send([5, 6], to: peer)
        board.submitBulkIn(length: 512, completion: results.add)
        board.submitBulkIn(length: 512, completion: results.add)
        #expect(results.all.suffix(2).map(\.bytes) == [[5], [6]])
        board.inject(.strayIn([9, 9]))
        try listener.send([7], to: peer)
        board.submitBulkIn(length: 512, completion: results.add)
        board.submitBulkIn(length: 512, completion: results.add)
        #expect(results.all.suffix(2).map(\.bytes) == [[9, 9], [7]])
        board.inject(.dropFrameIn)
        try listener.send([1], to: peer)
        try listener.send([2], to: peer)
        board.submitBulkIn(length: 512, completion: results.add)
        #expect(results.all.last?.bytes == [2])
    }

    @Test func roomThatIsNoMultipleOfThePacketOverflows() throws {
        let board = Self.board(packet: 64)
        var listener = USBBoardListener(on: board)
        let results = Results()
        board.submitBulkOut([1], zeroPacket: false, completion: { _ in })
        let peer = try next(&listener).peer
        try listener.send([UInt8](repeating: 1, count: 200), to: peer)
        board.submitBulkIn(length: 100, completion: results.add)
        #expect(results.all.last?.status == .overflow)
        board.submitBulkIn(length: 128, completion: results.add)
        #expect(results.all.last?.count == 72, "two packets of 64 bytes are gone")
    }
}

/// The frame that waits.
func next(_ listener: inout USBBoardListener) throws -> IncomingFrame {
    let frame = listener.receive(within: .zero)
    return try #require(frame)
}

/// The next frame, waiting for what other threads bring; events are passed over.
func nextFrame(_ listener: inout USBBoardListener) throws -> IncomingFrame {
    var frame: IncomingFrame?
    for _ in 0..<20 where frame == nil {
        frame = listener.receive(within: .milliseconds(250))
        _ = listener.takeEvents()
    }
    return try #require(frame)
}

/// Whether no frame waits.
func isQuiet(_ listener: inout USBBoardListener) -> Bool { listener.receive(within: .zero) == nil }

/// Whether a peer can be sent to.
func canSend(_ frame: [UInt8], to peer: LinkPeer, on listener: inout USBBoardListener) -> Bool {
    do {
        try listener.send(frame, to: peer)
        return true
    } catch {
        return false
    }
}

/// Collects results from any thread.
final class Results: Sendable {
    private let list = Mutex<[USBTransferResult]>([])

    var all: [USBTransferResult] { list.withLock { $0 } }

    @Sendable func add(_ result: USBTransferResult) { list.withLock { $0.append(result) } }
}
