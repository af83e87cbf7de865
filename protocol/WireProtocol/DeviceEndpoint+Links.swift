import Substrate

extension DeviceEndpoint {
    /// Acts on a frame whose checksums are right.
    mutating func receive(
        _ frame: Frame, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        guard var link = links[peer] else {
            guard frame.header.type == MessageType.hello.rawValue, frame.header.sequence == 0 else {
                return endLink(peer, .noSession, "this link has not said HELLO")
            }
            return try receiveFirst(frame, from: peer, now: now)
        }
        let arrival = try link.framing.accept(frame)
        link.lastHeard = now
        links[peer] = link
        if let id = link.session {
            sessions[id]?.lastHeard = now
            sessions[id]?.isDetached = false
        }
        switch arrival {
        case .repeated, .partial: return []
        case .gap(let expected):
            return endLink(
                peer, .sequenceGap,
                "frame \(frame.header.sequence) came where \(expected) was expected")
        case .message(let message): return try receive(message, from: peer, now: now)
        }
    }

    /// HELLO on a new link.
    private mutating func receiveFirst(
        _ frame: Frame, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let halfOpen = links.filter { $0.value.session == nil }
        if halfOpen.count >= configuration.maximumHalfOpen,
            let oldest = halfOpen.min(by: { $0.value.lastHeard < $1.value.lastHeard })
        {
            links[oldest.key] = nil
        }
        var link = Link(framing: LinkFraming(limits: configuration.limits), lastHeard: now)
        guard case .message(let message) = try link.framing.accept(frame) else {
            return endLink(peer, .badFragment, "HELLO must fit into one frame")
        }
        links[peer] = link
        return try answerHello(message, from: peer, now: now)
    }

    private mutating func answerHello(
        _ message: WireMessage, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let hello = try ControlCodec.decode(PBHello.self, message.payload)
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
            let actions = refuse(
                message, .criticalUnknown, "the feature \"\(unknown)\" is not known here", to: peer)
            links[peer] = nil
            return actions
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
        links[peer]?.agreed = agreed
        links[peer]?.framing.limits = agreed
        return actions
    }

    /// Ends a link and says why; its session waits to be resumed.
    mutating func endLink(
        _ peer: PeerID, _ status: WireStatus, _ detail: String, offset: Int = 0
    ) -> [DeviceAction] {
        counters.linkErrors += 1
        var fault = PBFault()
        fault.detail = detail
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

    /// Answers a request for good.
    mutating func respond(
        _ message: WireMessage, _ type: MessageType? = nil, payload: [UInt8] = [], to peer: PeerID,
        isFinal: Bool = true
    ) -> [DeviceAction] {
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
        fault.detail = detail
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
