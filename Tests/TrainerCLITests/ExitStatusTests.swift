import InTheLoop
import SpikeData
import Substrate
import Testing
import TrainerCLI

@Suite struct ExitStatusTests {
    @Test func everyKindOfTroubleHasItsCode() {
        let table: [(any Error, Int32)] = [
            (DataError(.missing, ""), 65), (DataError(.checksum, ""), 65),
            (DataError(.network, ""), 69), (DataError(.diskFull, ""), 74),
            (DeviceError(.badEndpoint, ""), 64), (DeviceError(.unreachable, ""), 69),
            (DeviceError(.leaseHeld, ""), 69), (DeviceError(.linkLost, ""), 69),
            (DeviceError(.protocolViolation, ""), 70), (DeviceError(.invalidRequest, ""), 65),
            (RunError(.io, ""), 74), (RunError(.corrupt, ""), 65), (RunError(.mismatch, ""), 65),
            (CommandError(.interrupted, ""), 130), (CancellationError(), 130),
        ]
        for (error, code) in table {
            #expect(ExitStatus(of: error)?.rawValue == code, "\(error)")
        }
    }

    @Test func helpListsEveryCode() {
        for status in ExitStatus.allCases {
            #expect(ExitStatus.table.contains("  \(status.rawValue) "))
        }
    }
}
