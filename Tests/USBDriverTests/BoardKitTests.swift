import BoardEmulator
import DeviceClient
import DeviceTransport
import Foundation
import StreamDriver
import Synchronization
import Testing
import USBDriver
import WireProtocol

extension USBDriverTests {
    /// The device's side in C, with its tiny chip, as the program of a board.
    @Suite(.enabled(if: ProgramBoard.exists, "needs volley-board: swift build -c release --product volley-board"))
    struct BoardKitTests {
        @Test func trainingOnItOverUSBIsTrainingOnItAsAProgram() async throws {
            let settings = [(path: "training.batch_size", value: "8")]
            let options = RemoteDeviceOptions(runID: RunID(high: 1, low: 1), label: "board kit")
            let program = RemoteDevice(named: "exec:", options: options) { _ throws(TransportError) in
                try ProcessTransport(running: ProgramBoard.command)
            }
            let asProgram = try await YinYangRun(on: program, settings: settings)
            await program.close()

            let bus = try TestBus()
            let function = makeFunction(serial: 1)
            let kit = ProgramBoard(behind: function)
            let board = try bus.plug(function)
            let client = makeClient()
            #expect(try await client.describe().profile == "tiny")
            let overUSB = try await YinYangRun(on: client, settings: settings)
            #expect(await client.linkStatistics.batches >= 250)
            await client.close()
            kit.end()
            #expect(overUSB.weights == asProgram.weights && overUSB.losses == asProgram.losses)
            #expect(Set(overUSB.weights[0]).count > 100, "weights that nobody trained prove nothing")
            withExtendedLifetime(board) {}
        }
    }
}

/// A program with the device's side of the protocol behind a board's function: a fresh one for each link, as of a board
/// that starts anew at LINK_RESET.
private final class ProgramBoard: Sendable {
    static let command = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("volley-board").path
    static var exists: Bool { FileManager.default.isExecutableFile(atPath: command) }

    private let isEnding = Mutex(false)
    private let hasEnded = DispatchSemaphore(value: 0)

    init(behind function: USBBoardFunction) {
        Thread.detachNewThread { [self] in
            var bridge = Bridge(listener: USBBoardListener(on: function))
            while !isEnding.withLock(\.self) { bridge.pass() }
            hasEnded.signal()
        }
    }

    /// Ends the program.
    func end() {
        isEnding.withLock { $0 = true }
        hasEnded.wait()
    }

    /// The function on one side, the program on the other.
    private struct Bridge: ~Copyable {
        var listener: USBBoardListener
        var program: ProcessTransport?
        var peer: LinkPeer?

        init(listener: consuming USBBoardListener) { self.listener = listener }

        /// Hands on what has come from either side, or waits a moment for it.
        mutating func pass() {
            if let frame = listener.receive(within: .milliseconds(1)) {
                if frame.peer != peer { program = try? ProcessTransport(running: ProgramBoard.command) }
                peer = frame.peer
                try? program?.send(frame.bytes)
            }
            _ = listener.takeEvents()
            while let peer, let frame = try? program?.receive(within: .zero) { try? listener.send(frame, to: peer) }
        }
    }
}
