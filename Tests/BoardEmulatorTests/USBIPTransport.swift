import BoardEmulator
import DeviceTransport

/// A link over USB/IP, without a kernel in between: what a driver does, in the least number of lines.
struct USBIPTransport: Transport, ~Copyable {
    private let client: USBIPClient
    private var read: UInt32

    /// Room for every frame, so that each transfer is one read.
    private static let room = 512 << 10

    init(port: UInt16) throws(TransportError) {
        guard let client = try? USBIPClient(port: port),
            client.control(USBSetup(requestType: 0x41, request: 1))?.status == 0
        else { throw TransportError(.cannotConnect, "no board at port \(port)") }
        self.client = client
        read = client.submit(endpoint: 1, isIn: true, length: Self.room)
    }

    mutating func send(_ frame: [UInt8]) throws(TransportError) {
        guard !client.isOver else { throw TransportError(.peerGone, "the server has closed the connection") }
        client.send(frame)
    }

    mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        let deadline = ContinuousClock.now + limit
        while let next = client.next(within: max(.zero, ContinuousClock.now.duration(to: deadline))) {
            guard next.status == 0 else { throw TransportError(.peerGone, "a transfer ended with \(next.status)") }
            guard next.sequence == read else { continue }
            read = client.submit(endpoint: 1, isIn: true, length: Self.room)
            return next.bytes
        }
        guard !client.isOver else { throw TransportError(.peerGone, "the server has closed the connection") }
        return nil
    }

    consuming func close() { client.socket.shutDown() }
}
