import BoardEmulator
import DeviceTransport
import Dispatch
import Testing
import USBDriver

extension USBDriverTests {
    /// Frames are transfers, whatever their length (USB-002).
    @Suite struct FramingTests {
        /// Around every number of packets that is special to a board, a read or the longest frame.
        @Test(arguments: [64, 512, 1_024])
        func framesOfEveryLengthAroundWholePacketsComeBack(packet: Int) throws {
            let bus = try TestBus()
            let echo = EchoBoard(packet: packet)
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            let multiples = Array(1...9) + [16, 128, 131_072 / packet, 262_144 / packet, 1_048_576 / packet]
            var count = 0
            for length in multiples.flatMap({ [$0 * packet - 1, $0 * packet, $0 * packet + 1] }) {
                count += 1
                let frame = pattern(length, seed: count)
                try link.send(frame)
                let back = try link.receive(within: .seconds(5))
                #expect(back == frame, "\(length) bytes in packets of \(packet)")
            }
            #expect(echo.frameCount == count)
            #expect(try link.receive(within: .zero) == nil)
            link.close()
            withExtendedLifetime(board) {}
        }

        @Test func manyFramesUnderWayKeepTheirOrder() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            // More bytes than may be on their way, and than may wait: both sides hold back, and nothing is lost.
            let frames = (0..<60).map { pattern($0 % 7 == 0 ? 262_144 : 64 + $0 * 511, seed: $0) }
            for frame in frames { try link.send(frame) }
            for (number, frame) in frames.enumerated() {
                let back = try link.receive(within: .seconds(5))
                #expect(back == frame, "frame \(number)")
            }
            link.close()
            withExtendedLifetime(board) {}
        }

        @Test func whoeverReadsNothingKeepsTheBoardWaiting() throws {
            let bus = try TestBus()
            let echo = EchoBoard { $0.bufferBytes = 1 << 20 }
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            let frame = pattern(1 << 20)
            // 8 MiB wait at the host, some more on the board and on the way; then the board takes no more.
            var sent = 0
            let error = #expect(throws: TransportError.self) {
                while sent < 100 {
                    try link.send(frame)
                    sent += 1
                }
            }
            #expect(error?.code == .peerGone, "\(String(describing: error))")
            #expect(error?.detail.contains("takes no frames for 3.0 seconds") == true, "\(String(describing: error))")
            #expect(8..<20 ~= sent, "\(sent) frames were taken")
            // What had arrived is still there.
            #expect(try link.receive(within: .zero) == frame)
            link.close()
            withExtendedLifetime(board) {}
        }

        @Test func aFrameAboveTheLimitEndsTheLinkWithoutBeingKept() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero, frameLimit: 10_000)
            try link.send(pattern(10_000))
            #expect(try link.receive(within: .seconds(5))?.count == 10_000)
            #expect(throws: TransportError(.frameTooLong, "a frame of 10001 bytes; \(link.board.summary) takes 10000"))
            {
                try link.send(pattern(10_001))
            }
            board.function.inject(.strayIn(pattern(10_001)))
            try link.send(pattern(64))
            let error = #expect(throws: TransportError.self) { _ = try link.receive(within: .seconds(5)) }
            #expect(error?.code == .frameTooLong)
            link.close()
        }

        @Test func aFrameThatEndsEarlyIsHandedOnAsItCame() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            // A short packet ends a transfer; that the frame is not whole is seen by its length (FRM-003).
            board.function.inject(.shortIn(100))
            let frame = pattern(3_000)
            try link.send(frame)
            #expect(try link.receive(within: .seconds(5)) == Array(frame[..<100]))
            #expect(try link.receive(within: .seconds(5)) == Array(frame[100...]))
            link.close()
        }

        @Test func halfAFrameOfAnEarlierLinkIsNeverSeen() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            for round in 0..<20 {
                // To the board: packets that end nothing. To the host: an answer whose first packet was read.
                board.function.submitBulkOut(pattern(1_024), zeroPacket: round % 2 == 0) { _ in }
                if round % 2 == 0 {
                    let isRead = DispatchSemaphore(value: 0)
                    board.function.submitBulkIn(length: 512) { _ in isRead.signal() }
                    isRead.wait()
                }
                var link = try USBTransport(connecting: USBSelection(), patience: .zero)
                let frame = pattern(700, seed: round)
                try link.send(frame)
                #expect(try link.receive(within: .seconds(5)) == frame, "round \(round)")
                link.close()
            }
        }

        @Test func answersToAHostThatDiedAreNotTakenForTheNextOnes() throws {
            let bus = try TestBus()
            let echo = EchoBoard(delay: .milliseconds(1))
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            for round in 0..<50 {
                var first = try USBTransport(connecting: USBSelection(), patience: .zero)
                // Gone between writing and reading, at another place of the answers each time.
                for number in 0..<(round % 5 + 1) { try first.send(pattern(2_000, seed: 1_000 + round * 10 + number)) }
                if round % 3 == 0 { _ = try first.receive(within: .milliseconds(round % 4)) }
                first.close()
                var second = try USBTransport(connecting: USBSelection(), patience: .zero)
                let question = pattern(500, seed: round)
                try second.send(question)
                #expect(try second.receive(within: .seconds(5)) == question, "round \(round)")
                second.close()
            }
            withExtendedLifetime(board) {}
        }

        @Test func whatABoardSendsBeforeItIsGreetedIsDropped() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            for frame in [pattern(512, seed: 9), pattern(5_000, seed: 10)] { board.function.inject(.greetIn(frame)) }
            for round in 0..<10 {
                var link = try USBTransport(connecting: USBSelection(), patience: .zero)
                let frame = pattern(300, seed: round)
                try link.send(frame)
                #expect(try link.receive(within: .seconds(5)) == frame, "round \(round)")
                link.close()
            }
            withExtendedLifetime(board) {}
        }

        @Test func aBoardThatNeverStopsSendingIsRefused() throws {
            let bus = try TestBus()
            let board = try bus.plug(makeFunction(serial: 7))
            board.function.inject(.floodIn(pattern(2_048)))
            let error = #expect(throws: TransportError.self) {
                _ = try USBTransport(connecting: USBSelection(), patience: .zero)
            }
            #expect(error?.detail.contains("goes on sending after LINK_RESET (USB-004)") == true, "\(error as Any)")
            // It is the sending that was refused, and nothing else.
            board.function.release()
            try USBTransport(connecting: USBSelection(), patience: .zero).close()
        }

        @Test func statusAndAbortReachTheBoardBesideTheFrames() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            #expect(try link.linkStatus().framesReceived == 0)
            // The bulk endpoints are stuck; endpoint zero is not.
            board.function.inject(.holdOut)
            try link.send(pattern(100))
            try link.abort(request: 0x0123_4567_89AB_CDEF)
            let status = try link.linkStatus()
            #expect(status.bootID == 99 && status.phase == .new && !status.isRunning && status.framesReceived == 0)
            board.function.release()
            #expect(try link.receive(within: .seconds(5)) == pattern(100))
            #expect(try link.linkStatus().framesReceived == 1)
            #expect(echo.aborted == [0x0123_4567_89AB_CDEF])
            link.close()
        }
    }
}
