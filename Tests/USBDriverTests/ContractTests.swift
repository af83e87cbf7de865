import BoardEmulator
import DeviceTransport
import LinkContract
import Testing
import USBDriver

extension USBDriverTests {
    /// The contract of a link, held against USB as `DriverContractTests` holds it against the other carriers.
    @Suite struct ContractTests {
        @Test(arguments: LinkContract.allCases)
        func usbKeepsTheContract(clause: LinkContract) throws {
            let bus = try TestBus()
            let identity = USBBoardIdentity(serial: 7, bootID: 99)
            let function = USBBoardFunction(identity: identity)
            let board = try bus.plug(function)
            try clause.hold(frameLimit: identity.frameLimit + 68) {
                let host = HostEnd(try USBTransport(connecting: USBSelection(serial: "7")))
                return (host, PluggedEnd(DeviceEnd(USBBoardListener(on: function)), board))
            }
        }
    }
}

/// The end of a board, which is pulled out when its program has ended.
private final class PluggedEnd: ListeningEnd {
    private let end: DeviceEnd<USBBoardListener>
    private let board: PluggedBoard

    init(_ end: DeviceEnd<USBBoardListener>, _ board: PluggedBoard) {
        self.end = end
        self.board = board
    }

    var wake: @Sendable () -> Void { end.wake }

    func send(_ frame: [UInt8]) throws { try end.send(frame) }

    func receive(within limit: Duration) throws -> [UInt8]? { try end.receive(within: limit) }

    func flush() { end.flush() }

    func close() {
        end.close()
        board.unplug()
    }
}
