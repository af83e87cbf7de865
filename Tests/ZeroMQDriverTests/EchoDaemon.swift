import DeviceTransport
import Dispatch
import Glibc
import Synchronization
import Testing
import ZeroMQDriver

/// A listener on a thread of its own that answers each frame with itself, until it is stopped.
final class EchoDaemon: Sendable {
    let address: DeviceURI
    /// Whether whoever was heard is trusted.
    private let trusts: Bool
    private let wake: @Sendable () -> Void
    private let isStopped = Mutex(false)
    private let end = DispatchSemaphore(value: 0)

    /// By libzmq.
    convenience init(on uri: DeviceURI, frameLimit: Int = ZeroMQLimits.frameBytes) throws {
        try self.init(ZeroMQListener(on: uri, frameLimit: frameLimit))
    }

    /// Without libzmq.
    convenience init(
        local path: String, frameLimit: Int = ZeroMQLimits.frameBytes, peerLimit: Int = ZeroMQLimits.localPeers,
        trusts: Bool = true
    ) throws {
        try self.init(
            LocalListener(on: DeviceURI("ipc://\(path)"), frameLimit: frameLimit, peerLimit: peerLimit),
            trusts: trusts)
    }

    init<Link: Listener & ~Copyable>(_ listener: consuming Link, trusts: Bool = true) {
        self.trusts = trusts
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
            if trusts { listener.trust(frame.peer) }
            try? listener.send(frame.bytes, to: frame.peer)
        }
        listener.close()
    }
}

/// Holds that a link notices within 2 s that its peer has left, and is of no use afterwards.
func expectEnd(of link: inout some Transport & ~Copyable) {
    let begin = ContinuousClock.now
    do {
        let frame = try link.receive(within: .seconds(20))
        Issue.record("received \(String(describing: frame)) from a peer that has left")
    } catch {
        #expect(error.code == .peerGone)
    }
    #expect(ContinuousClock.now - begin < .seconds(2))
    #expect(throws: TransportError.self) { try link.send([1]) }
}

/// A path that no other test uses.
func freshPath() -> String {
    "/tmp/volley-zmq-\(getpid())-\(UInt64.random(in: 0...(.max))).sock"
}
