import DeviceTransport
import Dispatch
import Glibc
import Synchronization
import ZeroMQDriver

/// A listener on a thread of its own that answers each frame with itself, until it is stopped.
final class EchoDaemon: Sendable {
    let address: DeviceURI
    private let wake: @Sendable () -> Void
    private let isStopped = Mutex(false)
    private let end = DispatchSemaphore(value: 0)

    /// By libzmq.
    convenience init(on uri: DeviceURI, frameLimit: Int = ZeroMQLimits.frameBytes) throws {
        try self.init(ZeroMQListener(on: uri, frameLimit: frameLimit))
    }

    /// Without libzmq.
    convenience init(local path: String, frameLimit: Int = ZeroMQLimits.frameBytes) throws {
        try self.init(LocalListener(on: DeviceURI("ipc://\(path)"), frameLimit: frameLimit))
    }

    init<Link: Listener & ~Copyable>(_ listener: consuming Link) {
        address = listener.address
        wake = listener.wake
        let box = Mutex<Link?>(listener)
        DispatchQueue(label: "echo").async {
            if let listener = box.withLock({ $0.take() }) { self.echo(listener) }
            self.end.signal()
        }
    }

    func stop() {
        isStopped.withLock { $0 = true }
        wake()
        end.wait()
    }

    private func echo<Link: Listener & ~Copyable>(_ listener: consuming Link) {
        while !isStopped.withLock({ $0 }) {
            guard let frame = try? listener.receive(within: .seconds(10)) else { continue }
            try? listener.send(frame.bytes, to: frame.peer)
        }
        listener.close()
    }
}

/// A path that no other test uses.
func freshPath() -> String {
    "/tmp/volley-zmq-\(getpid())-\(UInt64.random(in: 0...(.max))).sock"
}
