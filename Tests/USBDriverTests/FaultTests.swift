import BoardEmulator
import DeviceTransport
import Foundation
import Testing
import USBDriver

extension USBDriverTests {
    /// Boards and kernels that misbehave: the link ends with a reason, and the next one works.
    @Suite struct FaultTests {
        /// A fault, and the words that tell it.
        private static let faults: [(fault: USBBoardFault, words: String)] = [
            (.stallIn, "the board stalls"), (.stallOut, "the board stalls"),
            (.babbleIn, "the board sends more than it is asked for"),
            (.failIn, "Input/Output Error"), (.failOut, "Input/Output Error"),
        ]

        @Test(arguments: 0..<5) func aFaultEndsTheLinkAndTheNextOneWorks(number: Int) throws {
            let (fault, words) = Self.faults[number]
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            for length in [64, 512, 4_000] {
                var link = try USBTransport(connecting: USBSelection(), patience: .zero)
                try link.send(pattern(100))
                #expect(try link.receive(within: .seconds(5)) == pattern(100))
                board.function.inject(fault)
                let error = #expect(throws: TransportError.self) {
                    try link.send(pattern(length))
                    _ = try link.receive(within: .seconds(5))
                    _ = try link.receive(within: .seconds(5))
                }
                #expect(error?.code == .peerGone)
                #expect(error?.detail.contains(words) == true, "\(String(describing: error))")
                // And stays ended, with the same words.
                let again = #expect(throws: TransportError.self) { try link.send(pattern(64)) }
                #expect(again == error)
                let time = secondsToClose(link)
                #expect(time < 2)
            }
            #expect(USBResources.current.transfers == 0 && USBResources.current.abandonedContexts == 0)
        }

        @Test func aFrameThatTheBoardLosesIsNoFaultOfTheLink() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            board.function.inject(.dropFrameIn)
            try link.send(pattern(64, seed: 1))
            #expect(try link.receive(within: .milliseconds(50)) == nil)
            try link.send(pattern(64, seed: 2))
            #expect(try link.receive(within: .seconds(5)) == pattern(64, seed: 2))
            link.close()
        }

        /// Reads are submitted again on one thread while the other calls all of them back.
        @Test func closingAmidTrafficNeverWaitsForATransfer() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var slowest = 0.0
            for round in 0..<100 {
                var link = try USBTransport(connecting: USBSelection(), patience: .zero)
                for number in 0..<(round % 10 + 1) { try link.send(pattern(700 * (number + 1))) }
                if round % 4 == 0 { _ = try link.receive(within: .milliseconds(1)) }
                usleep(UInt32(round * 37 % 2_000))
                slowest = max(slowest, secondsToClose(link))
            }
            #expect(slowest < 2, "\(slowest) s")
            let left = USBResources.current
            #expect(
                left.contexts == 0 && left.handles == 0 && left.transfers == 0 && left.abandonedContexts == 0, "\(left)"
            )
            withExtendedLifetime(board) {}
        }

        @Test func aLinkThatWaitsUsesNoProcessorTime() throws {
            let bus = try TestBus()
            let echo = EchoBoard()
            defer { echo.end() }
            let board = try bus.plug(echo.function)
            var link = try USBTransport(connecting: USBSelection(), patience: .zero)
            let before = board.requests
            #expect(try link.receive(within: .milliseconds(500)) == nil)
            #expect(board.requests - before <= 2, "the driver asks the kernel again and again")
            link.close()
        }

        /// In a process of its own, since what is given up stays.
        @Test func aKernelThatDoesNotGiveTransfersBackIsGivenUp() async throws {
            await #expect(processExitsWith: .success) {
                let bus = try TestBus()
                let echo = EchoBoard()
                let board = try bus.plug(echo.function)
                let link = try USBTransport(connecting: USBSelection(), patience: .zero)
                board.ignoreCancel(true)
                let time = secondsToClose(link)
                let left = USBResources.current
                guard time < 2, left.abandonedContexts == 1, left.abandonedTransfers == 8, left.transfers == 8 else {
                    print("\(time) s, \(left)")
                    exit(1)
                }
                // The next link is not kept from working by the first.
                board.unplug()
                let again = try bus.plug(echo.function)
                var next = try USBTransport(connecting: USBSelection(), patience: .zero)
                try next.send(pattern(64))
                guard try next.receive(within: .seconds(5)) == pattern(64) else { exit(2) }
                next.close()
                guard USBResources.current.abandonedContexts == 1, USBResources.current.contexts == 1 else { exit(3) }
                withExtendedLifetime((bus, echo, again)) {}
                exit(0)
            }
        }
    }
}
