import ChipEmulator
import DeviceClient
import DeviceTransport
import Foundation
import Substrate
import Testing
import USBDriver

/// On the kernel's own USB, with a board that serves the chip emulator's `bss2` profile; `USB_REAL` is its address, or 1
/// for the only one that is plugged in. Nothing is emulated below libusb here.
@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["USB_REAL"] != nil)) struct RealBoardTests {
    private var selection: USBSelection {
        let text = ProcessInfo.processInfo.environment["USB_REAL"] ?? ""
        guard let uri = try? DeviceURI(text), case .usb(let selection) = uri.link else { return USBSelection() }
        return selection
    }

    private func client() -> RemoteDevice<USBTransport> {
        RemoteDevice(
            named: "usb:\(selection)",
            options: RemoteDeviceOptions(runID: .init(high: .random(in: 0...(.max)), low: 1), label: "real board test")
        ) { [selection] patience throws(TransportError) in
            try USBTransport(connecting: selection, patience: patience)
        }
    }

    @Test func theBoardIsListed() throws {
        let boards = try USBBoards.list()
        let board = try #require(boards.first { $0.problem == nil }, "\(boards)")
        #expect(board.info?.majors.contains(1) == true)
        #expect(board.serial == board.info.map { String($0.serial) })
    }

    @Test func aLinkBeginsAgainAndAgainAndTellsItsState() throws {
        for _ in 0..<20 {
            let link = try USBTransport(connecting: selection)
            let status = try link.linkStatus()
            #expect(status.phase == .new && status.framesReceived == 0)
            link.close()
        }
        #expect(USBResources.current.transfers == 0 && USBResources.current.abandonedContexts == 0)
    }

    @Test func batchesEqualTheChipInProcess() async throws {
        let client = client()
        let serial = try await client.describe().serial
        var direct = EmulatedChip(profile: .standard, serial: serial)
        for (number, entries) in [(1, 1), (2, 40), (3, 400), (4, 40)] as [(UInt64, Int)] {
            let batch = SmallBatch.make(number, entries: entries)
            let measured = try await client.run(batch)
            let expected = try direct.run(batch)
            #expect(measured.spikes == expected.spikes, "batch \(number)")
            #expect(measured.membranes == expected.membranes, "batch \(number)")
        }
        #expect(await client.linkStatistics.reconnections == 0)
        await client.close()
    }
}
