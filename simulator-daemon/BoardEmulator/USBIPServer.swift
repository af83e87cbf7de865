public import DeviceTransport
import Dispatch
import Synchronization

/// Serves a board's function over USB/IP on this machine, so that a kernel with `vhci-hcd` has the board on its bus:
/// `usbip attach -r 127.0.0.1 -b 1-1`.
///
/// One importer has the board at a time. Connections that say nothing are dropped after some seconds.
public final class USBIPServer: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: LoopbackSocket] = [:]
        var isImported = false
        var isStopped = false
    }

    /// The bus id by which importers ask for the board.
    public static let busID = "1-1"
    /// Most connections at a time.
    private static let connectionLimit = 8
    /// How long a connection may take to say what it wants.
    private static let patienceSeconds = 5

    /// The port that the server really got.
    public let port: UInt16

    private let function: USBBoardFunction
    private let socket: LoopbackSocket
    private let state = Mutex(State())
    private let threads = DispatchGroup()

    /// Serves a function on a port of 127.0.0.1; 0 picks one.
    ///
    /// - Throws: `cannotBind`.
    public init(serving function: USBBoardFunction, port: UInt16) throws(TransportError) {
        self.function = function
        socket = try LoopbackSocket.listening(on: port)
        self.port = socket.port
        DispatchQueue(label: "volley.usbip.accept").async(group: threads) { [self] in accept() }
    }

    /// Ends all connections and waits for their threads, for two seconds at most.
    public func stop() {
        let sockets = state.withLock { state in
            state.isStopped = true
            return Array(state.connections.values)
        }
        socket.shutDown()
        for socket in sockets { socket.shutDown() }
        _ = threads.wait(timeout: .now() + .seconds(2))
    }

    private func accept() {
        while let connection = socket.accepted() {
            let name = ObjectIdentifier(connection)
            let isWelcome = state.withLock { state in
                guard !state.isStopped, state.connections.count < Self.connectionLimit else { return false }
                state.connections[name] = connection
                return true
            }
            guard isWelcome else { continue }
            DispatchQueue(label: "volley.usbip.read", qos: .userInitiated).async(group: threads) { [self] in
                serve(connection)
                connection.shutDown()
                state.withLock { _ = $0.connections.removeValue(forKey: name) }
            }
        }
    }

    /// Answers one operation; an import makes the rest of the connection the importer's.
    private func serve(_ socket: LoopbackSocket) {
        socket.setReadLimit(seconds: Self.patienceSeconds)
        guard let operation = socket.read(USBIPMessage.operationLength),
            operation[..<2].elementsEqual(USBIPMessage.version.bigEndianBytes)
        else { return }
        switch UInt16(operation[2]) << 8 | UInt16(operation[3]) {
        case USBIPMessage.listRequest: _ = socket.write(list())
        case USBIPMessage.importRequest:
            guard let busID = socket.read(USBIPMessage.busIDLength) else { return }
            guard busID == USBIPMessage.padded(Self.busID, to: USBIPMessage.busIDLength), function.isPlugged else {
                _ = socket.write(USBIPMessage.operation(USBIPMessage.importReply, .noDevice))
                return
            }
            handOver(to: socket)
        default: break
        }
    }

    private func handOver(to socket: LoopbackSocket) {
        let isFree = state.withLock { state in
            defer { state.isImported = true }
            return !state.isImported
        }
        guard isFree else {
            _ = socket.write(USBIPMessage.operation(USBIPMessage.importReply, .busy))
            return
        }
        let reply =
            USBIPMessage.operation(USBIPMessage.importReply, .done)
            + USBIPMessage.device(function.identity, busID: Self.busID)
        if socket.write(reply) {
            socket.setReadLimit(seconds: 0)
            USBIPConnection(socket, to: function).serve()
        }
        state.withLock { $0.isImported = false }
    }

    private func list() -> [UInt8] {
        let reply = USBIPMessage.operation(USBIPMessage.listReply, .done)
        guard function.isPlugged else { return reply + UInt32(0).bigEndianBytes }
        return reply + UInt32(1).bigEndianBytes
            + USBIPMessage.device(function.identity, busID: Self.busID) + USBIPMessage.interface
    }
}
