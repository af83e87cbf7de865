import BoardEmulator
import ChipEmulator
import DeviceClient
import DeviceServer
import DeviceTransport
import Foundation
import InTheLoop
import Logging
import Synchronization
import USBDriver
import WireProtocol
import ZeroMQDriver

/// The chip emulator served in this process as `volleyd` serves it: behind an emulated board, or over ZeroMQ.
///
/// Over USB it goes on while the board is pulled out and put in again.
final class ServedChip: Sendable {
    private let stop = ServerStop()
    private let hasEnded = DispatchSemaphore(value: 0)

    /// Serves a chip over the listener that `makeListener` makes on the server's thread.
    private init<Link: Listener & ~Copyable>(
        _ profile: ChipProfile, serial: UInt64, _ adjust: @escaping @Sendable (inout DeviceServerOptions) -> Void,
        over makeListener: @escaping @Sendable () throws -> Link
    ) {
        Thread.detachNewThread { [stop, hasEnded] in
            defer { hasEnded.signal() }
            var options = DeviceServerOptions(stopLimit: .seconds(1), farewell: .zero)
            adjust(&options)
            do {
                let server = ChipServer(
                    EmulatedChip(profile: profile, serial: serial), on: try makeListener(), options: options,
                    stop: stop,
                    logger: Logger(label: "served chip") { _ in SwiftLogNoOpLogHandler() })
                try server.run()
            } catch {
                print("a served chip ended: \(error)")
            }
        }
    }

    /// A chip behind a board's function.
    convenience init(_ profile: ChipProfile, serial: UInt64, behind function: USBBoardFunction) {
        let identity = function.identity
        self.init(
            profile, serial: serial,
            {
                $0.bootID = identity.bootID
                $0.frameLimit = identity.frameLimit
            },
            over: { USBBoardListener(on: function) })
    }

    /// A chip at an address of ZeroMQ.
    convenience init(_ profile: ChipProfile, serial: UInt64, at address: DeviceURI) {
        self.init(profile, serial: serial, { _ in }, over: { try ZeroMQListener(on: address) })
    }

    /// Ends the server; over USB, that pulls the board out.
    func end() {
        stop.request("the test is over")
        hasEnded.wait()
    }
}

/// The function of a board, for a program that comes later or never.
func makeFunction(
    serial: UInt64, packet: Int = 512, _ adjust: (inout USBBoardIdentity) -> Void = { _ in }
) -> USBBoardFunction {
    var identity = USBBoardIdentity(serial: serial, bootID: 0xB007 + serial, bulkPacketSize: packet)
    adjust(&identity)
    return USBBoardFunction(identity: identity)
}

/// A client of the one board on the bus.
func makeClient() -> RemoteDevice<USBTransport> {
    let options = RemoteDeviceOptions(runID: RunID(high: .random(in: 0...(.max)), low: 1), label: "usb test")
    return RemoteDevice(named: "usb:", options: options) { patience throws(TransportError) in
        try USBTransport(connecting: USBSelection(), patience: patience)
    }
}

/// A client of a daemon.
func makeClient(of address: DeviceURI) -> RemoteDevice<ZeroMQTransport> {
    let options = RemoteDeviceOptions(runID: RunID(high: .random(in: 0...(.max)), low: 1), label: "zmq test")
    return RemoteDevice(named: address.description, options: options) { patience throws(TransportError) in
        try ZeroMQTransport(connecting: address, patience: patience)
    }
}

/// Watches a run in silence.
struct SilentObserver: TrainingObserver {
    func stepped(_ report: StepReport) {}
    func evaluated(patterns: Int, of total: Int) {}
    func finishedEpoch(_ report: EpochReport, totals: RunTotals) {}
    func warned(_ message: String) {}
    var shouldStop: Bool { false }
}
