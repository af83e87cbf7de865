import BoardEmulator
import ChipEmulator
import DeviceTransport
import Foundation
import Substrate
import Synchronization
import Testing
import USBDriver

extension USBDriverTests {
    /// The protocol carried to a chip: the same bits as over any other link, also when the link is cut.
    @Suite struct ChipOverUSBTests {
        @Test(arguments: [64, 512, 1_024]) func batchesOverUSBEqualTheChipInProcess(packet: Int) async throws {
            let bus = try TestBus()
            let function = makeFunction(serial: 3, packet: packet)
            let chip = ServedChip(.standard, serial: 3, behind: function)
            let board = try bus.plug(function)
            let client = makeClient()
            #expect(try await client.describe().serial == 3)
            var direct = EmulatedChip(profile: .standard, serial: 3)
            for number in 1...5 as ClosedRange<UInt64> {
                let batch = SmallBatch.make(number, entries: 40)
                let measured = try await client.run(batch)
                let expected = try direct.run(batch)
                #expect(measured.spikes == expected.spikes, "batch \(number)")
                #expect(measured.membranes == expected.membranes, "batch \(number)")
                #expect(measured.spikes.eventCount > 20, "too quiet to prove anything")
            }
            #expect(await client.linkStatistics.reconnections == 0)
            await client.close()
            chip.end()
            withExtendedLifetime(board) {}
        }

        /// Two epochs of Yin-Yang on a calibrated chip: weights and losses to the last bit.
        @Test func trainingOverUSBIsTrainingInProcessAndOverZeroMQ() async throws {
            let inProcess = try await YinYangRun(on: EmulatedDevice(EmulatedChip(profile: .calibrated, serial: 1)))

            let bus = try TestBus()
            let function = makeFunction(serial: 1)
            let chip = ServedChip(.calibrated, serial: 1, behind: function)
            let board = try bus.plug(function)
            let client = makeClient()
            let overUSB = try await YinYangRun(on: client)
            #expect(await client.linkStatistics.batches > 20)
            #expect(await client.linkStatistics.reconnections == 0)
            await client.close()
            chip.end()

            let address = try DeviceURI("ipc:///tmp/volley-usb-\(UInt64.random(in: 0...(.max))).sock")
            let daemon = ServedChip(.calibrated, serial: 1, at: address)
            let other = makeClient(of: address)
            let overZeroMQ = try await YinYangRun(on: other)
            await other.close()
            daemon.end()

            #expect(overUSB.weights == inProcess.weights && overUSB.losses == inProcess.losses)
            #expect(overZeroMQ.weights == inProcess.weights && overZeroMQ.losses == inProcess.losses)
            print(
                """
                Yin-Yang, training patterns/s: in process \(inProcess.rate), over ZeroMQ \(overZeroMQ.rate), over the \
                emulated USB \(overUSB.rate); requests to the emulated kernel \(board.requests), processor time of all \
                threads \(overUSB.processor) s of \(overUSB.seconds) s (in process \(inProcess.processor) s of \
                \(inProcess.seconds) s)
                """)
        }

        /// The board is pulled out again and again while batches run; each has its one result in the end.
        @Test func cutsLoseNoBatchAndChangeNoBit() async throws {
            let cuts = ProcessInfo.processInfo.environment["VOLLEY_CAMPAIGN"] == nil ? 20 : 500
            let bus = try TestBus()
            let function = makeFunction(serial: 3)
            let chip = ServedChip(.standard, serial: 3, behind: function)
            var direct = EmulatedChip(profile: .standard, serial: 3)
            let cutter = Cutter(cuts, of: function, on: bus)
            let client = makeClient()
            var batches: UInt64 = 0
            var afterwards = 0
            while afterwards < 3 {
                if cutter.isDone { afterwards += 1 }
                batches += 1
                let batch = SmallBatch.make(batches, entries: 20)
                let measured = try await client.run(batch)
                cutter.hasRunBatch()
                let expected = try direct.run(batch)
                #expect(measured.batch == batches)
                #expect(measured.spikes == expected.spikes, "batch \(batches)")
                #expect(measured.membranes == expected.membranes, "batch \(batches)")
            }
            let statistics = await client.linkStatistics
            #expect(statistics.batches == Int(batches), "a result for each batch, none twice")
            #expect(statistics.reconnections >= cuts, "\(statistics.reconnections) reconnections")
            if cuts > 20 { print("\(cuts) cuts, \(batches) batches, each with its one result; \(statistics)") }
            await client.close()
            chip.end()
            cutter.end()
            let left = USBResources.current
            #expect(left.contexts == 0 && left.transfers == 0 && left.abandonedContexts == 0, "\(left)")
        }
    }

    /// Puts a board in and pulls it out a number of times, and leaves it in at the end.
    private final class Cutter: Sendable {
        private let isOver = Mutex(false)
        private let batchesRun = Mutex(0)
        private let mayEnd = DispatchSemaphore(value: 0)
        private let hasEnded = DispatchSemaphore(value: 0)

        /// Begins; the board is in when this returns.
        init(_ cuts: Int, of function: USBBoardFunction, on bus: TestBus) {
            let hasBegun = DispatchSemaphore(value: 0)
            Thread.detachNewThread { [self] in
                // The boards are gone before anybody is told that this is over.
                cut(cuts, function, bus, hasBegun)
                hasEnded.signal()
            }
            hasBegun.wait()
        }

        private func cut(_ cuts: Int, _ function: USBBoardFunction, _ bus: TestBus, _ hasBegun: DispatchSemaphore) {
            // The host may still be about to close those that were pulled out last.
            var boards: [PluggedBoard] = []
            for number in 1...cuts {
                let board = try? bus.plug(function)
                boards = boards.suffix(10) + [board].compactMap(\.self)
                if number == 1 { hasBegun.signal() }
                // A link has been opened and some batches went through; then another moment each time.
                waitForBatches()
                usleep(UInt32(number * 7_919 % 40_000))
                switch number % 4 {
                case 0: function.inject(.holdIn)
                case 1: function.inject(.holdOut)
                default: break
                }
                usleep(UInt32(number * 131 % 5_000))
                board?.unplug()
            }
            let board = try? bus.plug(function)
            isOver.withLock { $0 = true }
            mayEnd.wait()
            withExtendedLifetime((board, boards)) {}
        }

        /// Waits until two more batches have run, of which the first may be told of late; gives up after ten seconds.
        private func waitForBatches() {
            let begin = batchesRun.withLock(\.self)
            let limit = ContinuousClock.now + .seconds(10)
            while batchesRun.withLock(\.self) < begin + 2, ContinuousClock.now < limit { usleep(1_000) }
        }

        /// Tells of a batch that has run.
        func hasRunBatch() { batchesRun.withLock { $0 += 1 } }

        /// Whether the last cut is over.
        var isDone: Bool { isOver.withLock(\.self) }

        /// Takes the board out for good.
        func end() {
            mayEnd.signal()
            hasEnded.wait()
        }
    }
}
