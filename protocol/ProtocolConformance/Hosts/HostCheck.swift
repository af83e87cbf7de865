package import DeviceTransport
import WireProtocol

/// Serves hosts with a right device behind a relay that makes it a faulty one, and watches what they send.
///
/// The device is left as it was found: sessions that a host leaves behind are closed.
package final class HostCheck<Base: Listener & ~Copyable> {
    /// A host's link, and the device's link behind it.
    private struct Pair {
        let number: Int
        let link: any DeviceLink
        var run: [UInt8] = []
        var session: UInt64 = 0
        var resumeToken: [UInt8] = []
    }

    private let target: any DeviceTarget
    private var listener: Base
    private var relay: any FrameRelay
    private var pairs: [LinkPeer: Pair] = [:]
    private var order: [LinkPeer] = []
    private var linkCount = 0
    /// What the hosts did.
    package private(set) var inspector = HostInspector()
    /// The frames.
    package private(set) var capture = Capture()
    /// Batches whose result was sent on to a host.
    package private(set) var results = 0
    /// When a host was heard last.
    package private(set) var lastHeard: Duration

    /// A check of the hosts that come to a listener, with a device behind it.
    package init(_ target: any DeviceTarget, on listener: consuming Base, through relay: any FrameRelay = HonestRelay())
    {
        self.target = target
        self.listener = listener
        self.relay = relay
        lastHeard = target.now
    }

    /// Where hosts find it.
    package var address: DeviceURI { listener.address }

    /// Links so far.
    package var links: Int { linkCount }

    /// Carries frames until told that it is enough.
    ///
    /// - Throws: what the listener throws, and `cannotConnect` where the device does not answer.
    package func serve(until isEnough: () -> Bool) throws(TransportError) {
        while !isEnough() {
            // The waits are short: there are several links to listen to, and no one thread for each.
            if let frame = try listener.receive(within: .milliseconds(1)) {
                try fromHost(frame)
                while let next = try listener.receive(within: .zero) { try fromHost(next) }
            }
            for peer in order { try fromDevice(peer) }
        }
    }

    /// Closes the sessions that hosts have left behind, and the links.
    package func end() {
        let context = CaseContext(
            id: "host-check", target: target, claims: DeviceClaims(), seed: 1, patience: .seconds(2),
            limit: .seconds(60))
        for pair in pairs.values {
            pair.link.close()
            guard pair.session != 0, let client = try? context.greeted() else { continue }
            // Above whatever number the host got to.
            client.nextRequest = .max - 8
            let open = ControlPayload.open(
                run: pair.run, label: "conformance, cleaning up", credit: 0, resuming: pair.session,
                with: pair.resumeToken)
            guard let reply = try? client.ok(.open, open.encoded()).fields() else { continue }
            client.session = reply.number(1)
            context.closedSessions.insert(client.session)
            _ = try? client.ok(.close)
        }
        context.cleanUp()
        pairs = [:]
        order = []
    }

    private func fromHost(_ frame: IncomingFrame) throws(TransportError) {
        lastHeard = target.now
        let peer = frame.peer
        if pairs[peer] == nil {
            linkCount += 1
            pairs[peer] = Pair(number: linkCount, link: try target.open())
            order.append(peer)
            capture.add(.opened, link: linkCount, at: target.now)
        }
        guard let pair = pairs[peer] else { return }
        capture.add(.sent(frame.bytes), link: pair.number, at: target.now)
        inspector.sent(frame.bytes, on: pair.number, at: target.now)
        learn(frame.bytes, ofHost: true, peer)
        let (toDevice, toHost) = relay.receive(frame.bytes, from: peer)
        for bytes in toHost { answer(bytes, to: peer) }
        for bytes in toDevice {
            do {
                try pair.link.send(bytes)
            } catch {
                drop(peer)
                return
            }
        }
    }

    private func fromDevice(_ peer: LinkPeer) throws(TransportError) {
        guard let pair = pairs[peer] else { return }
        while true {
            let frame: [UInt8]?
            do {
                frame = try pair.link.receive(within: .zero)
            } catch {
                return drop(peer)
            }
            guard let frame else { return }
            learn(frame, ofHost: false, peer)
            for bytes in relay.send(frame, to: peer) { answer(bytes, to: peer) }
        }
    }

    private func answer(_ bytes: [UInt8], to peer: LinkPeer) {
        guard let pair = pairs[peer] else { return }
        capture.add(.received(bytes), link: pair.number, at: target.now)
        inspector.received(bytes, on: pair.number, at: target.now)
        if let header = try? FrameHeader(parsing: bytes), header.type == MessageType.done.rawValue, header.status == .ok
        {
            results += 1
        }
        // A host that has gone is no failure of the check.
        try? listener.send(bytes, to: peer)
    }

    private func drop(_ peer: LinkPeer) { order.removeAll { $0 == peer } }

    /// What is needed to close a session that its host has left.
    private func learn(_ bytes: [UInt8], ofHost: Bool, _ peer: LinkPeer) {
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()), frame.header.status == .ok,
            frame.header.type == MessageType.open.rawValue || frame.header.type == MessageType.close.rawValue,
            let fields = try? ProtobufFields(parsing: frame.payload)
        else { return }
        switch (frame.header.type == MessageType.open.rawValue, ofHost) {
        case (true, true): pairs[peer]?.run = fields.bytes(1)
        case (true, false):
            pairs[peer]?.session = fields.number(1)
            pairs[peer]?.resumeToken = fields.bytes(2)
        case (false, true): break
        case (false, false): pairs[peer]?.session = 0
        }
    }
}
