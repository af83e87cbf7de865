import Substrate

extension DeviceEndpoint {
    /// Acts on a frame whose checksums are right.
    mutating func receive(
        _ frame: Frame, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let type = frame.header.type
        var link = links[peer] ?? Link(framing: LinkFraming(limits: configuration.limits), lastHeard: now)
        // Before the number of the frame is looked at: a link that was forgotten goes on counting (HEL-006).
        guard link.isGreeted || type == MessageType.hello.rawValue else {
            return endLink(peer, .noSession, "this link has not said HELLO")
        }
        let arrival = try link.framing.accept(frame)
        link.lastHeard = now
        if links[peer] == nil { makeRoomForLink() }
        links[peer] = link
        if let id = link.session {
            sessions[id]?.lastHeard = now
            sessions[id]?.isDetached = false
        }
        switch arrival {
        case .repeated: return []
        case .partial:
            // A peer without a session gets no memory beyond a frame's (HEL-007, LIM-002).
            guard link.session == nil else { return [] }
            return link.isGreeted && type != MessageType.open.rawValue
                ? endLink(peer, .state, "OPEN must follow HELLO")
                : endLink(peer, .tooLarge, "HELLO and OPEN must fit into a frame each")
        case .gap(let expected):
            return endLink(
                peer, .sequenceGap,
                "frame \(frame.header.sequence) came where \(expected) was expected")
        case .message(let message):
            if !link.isGreeted { return answerHello(message, from: peer, now: now) }
            return try receive(message, from: peer, now: now)
        }
    }

    /// Forgets the oldest link without a session where there are as many as may be (LIM-002).
    private mutating func makeRoomForLink() {
        let halfOpen = links.filter { $0.value.session == nil }
        if halfOpen.count >= configuration.maximumHalfOpen,
            let oldest = halfOpen.min(by: { $0.value.lastHeard < $1.value.lastHeard })
        {
            links[oldest.key] = nil
        }
    }

    /// Answers HELLO or OPEN, whose numbers increase on the link; one that is refused may be said again.
    mutating func answerFirst(
        _ message: WireMessage, from peer: PeerID,
        _ answer: (inout Self) throws(WireError) -> [DeviceAction]
    ) -> [DeviceAction] {
        guard message.header.request > links[peer]?.lastRequest ?? 0 else {
            return refuse(
                message, .invalid, "request \(message.header.request) does not follow the last one", to: peer)
        }
        links[peer]?.lastRequest = message.header.request
        do throws(WireError) {
            guard message.payload.count <= WireLimits.leastFramePayload else {
                throw WireError(
                    .tooLarge, at: 8, expected: UInt64(WireLimits.leastFramePayload),
                    found: UInt64(message.payload.count))
            }
            return try answer(&self)
        } catch {
            return refuse(message, error.status, "\(error)", to: peer) {
                $0.byteOffset = UInt64(error.offset)
            }
        }
    }

    /// HELLO on a link that has not been greeted.
    private mutating func answerHello(
        _ message: WireMessage, from peer: PeerID, now: Duration
    ) -> [DeviceAction] {
        guard message.header.session == 0 else {
            return endLink(peer, .noSession, "HELLO names session \(message.header.session)", offset: 16)
        }
        return answerFirst(message, from: peer) { endpoint throws(WireError) in
            try endpoint.greet(
                try ControlCodec.decode(PBHello.self, message.payload), message, from: peer, now: now)
        }
    }

    private mutating func greet(
        _ hello: PBHello, _ message: WireMessage, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let ours = PBVersions.ours
        guard hello.versions.lowestMajor <= ours.highestMajor,
            hello.versions.highestMajor >= ours.lowestMajor
        else {
            let detail = "the host speaks VP \(hello.versions.text), this device VP \(ours.text)"
            let actions = refuse(message, .version, detail, to: peer) { $0.versions = ours }
            links[peer] = nil
            return actions
        }
        if let unknown = hello.requiredFeatures.first {
            return refuse(message, .criticalUnknown, "the feature \"\(unknown)\" is not known here", to: peer)
        }
        guard hello.nonce.count == 16 else {
            return refuse(message, .invalid, "a nonce has 16 bytes, this one \(hello.nonce.count)", to: peer)
        }
        let agreed = configuration.limits.agreed(with: try hello.limits.limits())
        var reply = PBHelloReply()
        reply.major = UInt32(FrameHeader.majorVersion)
        reply.minor = min(FrameHeader.minorVersion, hello.versions.highestMinor)
        reply.limits = PBLimits(configuration.limits)
        reply.nonce = hello.nonce
        reply.boot = configuration.boot
        reply.serial = configuration.description.serial
        reply.firmware = configuration.description.firmware
        reply.uptimeMs = (now - started).milliseconds
        reply.sessionsFree = UInt32(clamping: configuration.maximumSessions - sessions.count)
        let actions = respond(message, payload: ControlCodec.encode(reply), to: peer)
        links[peer]?.isGreeted = true
        links[peer]?.framing.limits = agreed
        return actions
    }

    /// Bytes of text in a fault: it has to fit into the smallest control message.
    static let longestDetail = 1_024
    /// Bytes of a label that are kept.
    static let longestLabel = 200

    /// Ends a link and says why; its session waits to be resumed.
    mutating func endLink(
        _ peer: PeerID, _ status: WireStatus, _ detail: String, offset: Int = 0
    ) -> [DeviceAction] {
        counters.linkErrors += 1
        var fault = PBFault()
        fault.detail = detail.cut(toBytes: Self.longestDetail)
        fault.byteOffset = UInt64(offset)
        if status == .version { fault.versions = .ours }
        var header = FrameHeader(type: MessageType.error.rawValue)
        header.status = status
        let link = links.removeValue(forKey: peer)
        var framing = link?.framing ?? LinkFraming(limits: configuration.limits)
        header.session = link?.session ?? 0
        var actions: [DeviceAction] = [.log(.linkError(status, detail: detail))]
        actions += framing.frames(header, payload: ControlCodec.encode(fault)[...])
            .map { .transmit($0, to: peer) }
        if let id = link?.session { actions += detach(id) }
        return actions
    }

    /// Sends a message on a link, if that is still there.
    mutating func send(
        _ header: FrameHeader, payload: [UInt8], to peer: PeerID
    ) -> [DeviceAction] {
        guard var link = links[peer] else { return [] }
        let frames = link.framing.frames(header, payload: payload[...])
        links[peer] = link
        return frames.map { .transmit($0, to: peer) }
    }

    /// The limits that hold on a link.
    func limits(of peer: PeerID?) -> WireLimits {
        peer.flatMap { links[$0]?.framing.limits } ?? configuration.limits
    }

    /// Answers a request for good.
    mutating func respond(
        _ message: WireMessage, _ type: MessageType? = nil, payload: [UInt8] = [], to peer: PeerID,
        isFinal: Bool = true
    ) -> [DeviceAction] {
        let limit = limits(of: peer).controlPayload
        guard payload.count <= limit else {
            return refuse(
                message, .tooLarge, "the answer has \(payload.count) bytes, the limit is \(limit)", to: peer)
        }
        var header = FrameHeader(type: type?.rawValue ?? message.header.type)
        header.flags = isFinal ? [.response, .final] : .response
        header.request = message.header.request
        header.session = links[peer]?.session ?? 0
        return send(header, payload: payload, to: peer)
    }

    /// Answers a request with a failure.
    mutating func refuse(
        _ message: WireMessage, _ status: WireStatus, _ detail: String, to peer: PeerID,
        filling: (inout PBFault) -> Void = { _ in }
    ) -> [DeviceAction] {
        var fault = PBFault()
        fault.detail = detail.cut(toBytes: Self.longestDetail)
        filling(&fault)
        return refuse(
            type: message.header.type, request: message.header.request, status, fault, to: peer)
    }

    /// Ends a request with a failure.
    mutating func refuse(
        type: UInt8, request: UInt64, _ status: WireStatus, _ fault: PBFault, to peer: PeerID
    ) -> [DeviceAction] {
        var header = FrameHeader(type: type)
        header.flags = [.response, .final]
        header.request = request
        header.status = status
        header.session = links[peer]?.session ?? 0
        return send(header, payload: ControlCodec.encode(fault), to: peer)
    }
}
