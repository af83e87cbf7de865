import DeviceTransport
import Dispatch
import Glibc
import LinkContract
import StreamDriver
import Synchronization
import ZeroMQDriver

/// The carriers that keep the contract of `Transport` and `Listener`.
enum LinkKind: String, CaseIterable, Sendable {
    case memory
    case tcp
    case ipc
    case local
    case localHost
    case localDevice
    case localPort
    case curve
    case streams

    /// The longest frame that the carrier takes, in bytes.
    var frameBytes: Int { self == .curve ? ZeroMQLimits.encryptedFrameBytes : ZeroMQLimits.frameBytes }

    /// Both ends of a fresh link.
    func open() throws -> LinkContract.Ends {
        switch self {
        case .memory:
            return LoopbackTransport.withPair { (left, right) in (HostEnd(left), HostEnd(right)) }
        case .tcp:
            return try Self.zeroMQ(on: "tcp://127.0.0.1:0")
        case .ipc:
            return try Self.zeroMQ(on: Self.freshAddress())
        case .local:
            return try Self.local { HostEnd(try LocalTransport(connecting: $0)) }
        case .localDevice:
            return try Self.local { HostEnd(try ZeroMQTransport(connecting: $0)) }
        case .localPort:
            return try Self.local(on: "tcp://127.0.0.1:0") { HostEnd(try ZeroMQTransport(connecting: $0)) }
        case .localHost:
            let listener = try ZeroMQListener(on: DeviceURI(Self.freshAddress()))
            return (HostEnd(try LocalTransport(connecting: listener.address)), DeviceEnd(listener))
        case .curve:
            let keys = try CurveFiles()
            let listener = try ZeroMQListener(on: DeviceURI("tcp://127.0.0.1:0"), curve: keys.server())
            let host = HostEnd(try ZeroMQTransport(connecting: listener.address, keyFile: keys.clientKey))
            return (host, DeviceEnd(listener))
        case .streams:
            var ends: [Int32] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else {
                throw TransportError(.system, "cannot make a pair of sockets", errno: errno)
            }
            let device = try StreamListener(input: ends[1], output: ends[1], command: "none")
            return (HostEnd(try StreamTransport(input: ends[0], output: ends[0], named: "the test")), DeviceEnd(device))
        }
    }

    private static func freshAddress() -> String {
        "ipc:///tmp/volley-contract-\(getpid())-\(UInt64.random(in: 0...(.max))).sock"
    }

    /// A host is let in while the device waits for frames, on the same thread.
    private static func local(
        on address: String = freshAddress(), _ connect: @escaping @Sendable (DeviceURI) throws -> any LinkEnd
    ) throws -> LinkContract.Ends {
        let listener = try LocalListener(on: DeviceURI(address))
        let address = listener.address
        let device = DeviceEnd(listener)
        let host = Mutex<Result<any LinkEnd, any Error>?>(nil)
        DispatchQueue(label: "host").async {
            let result = Result { try connect(address) }
            host.withLock { $0 = result }
        }
        while true {
            device.flush()
            if let result = host.withLock({ $0 }) { return (try result.get(), device) }
            usleep(1_000)
        }
    }

    private static func zeroMQ(on address: String) throws -> LinkContract.Ends {
        let listener = try ZeroMQListener(on: DeviceURI(address))
        let host = HostEnd(try ZeroMQTransport(connecting: listener.address))
        return (host, DeviceEnd(listener))
    }
}
