import Substrate

extension HostSession {
    /// Sends a request and remembers what its answer is for.
    mutating func request(
        _ type: MessageType, _ purpose: OutstandingRequest.Purpose, payload: [UInt8] = [],
        now: Duration
    ) -> [HostAction] {
        lastRequest += 1
        requests[lastRequest] = OutstandingRequest(purpose: purpose, sent: now)
        return send(type, request: lastRequest, payload: payload, now: now)
    }

    /// Sends a message that gets no answer.
    mutating func notify(
        _ type: MessageType, payload: [UInt8], now: Duration
    ) -> [HostAction] {
        send(type, request: 0, payload: payload, now: now)
    }

    private mutating func send(
        _ type: MessageType, request: UInt64, payload: [UInt8], now: Duration
    ) -> [HostAction] {
        var header = FrameHeader(type: type.rawValue)
        header.request = request
        header.channel = type.isBulk ? .data : .control
        header.session = session?.id ?? 0
        if type == .hello || type == .open { header.session = 0 }
        if type.needsLease, case .held(let token, _, _, _) = lease { header.token = token }
        lastSent = now
        return framing.frames(header, payload: payload[...]).map { .transmit($0) }
    }

    /// Says HELLO with a fresh nonce, and with a feature that nobody knows, so that devices learn to ignore such.
    mutating func sendHello(now: Duration) -> [HostAction] {
        var secret: [UInt8] = []
        secret.append(littleEndian: configuration.entropy.0)
        secret.append(littleEndian: configuration.entropy.1)
        nonceCount += 1
        nonce = Array(
            ContentHash.derived(from: secret, purpose: 0, number: nonceCount).prefix(16))
        var hello = PBHello()
        hello.versions = .ours
        hello.features = ["grease.\(nonce[0])"]
        hello.limits = PBLimits(configuration.limits)
        hello.nonce = .init(nonce)
        hello.software = configuration.software.name
        hello.softwareVersion = configuration.software.version
        return request(.hello, .hello, payload: ControlCodec.encode(hello), now: now)
    }

    mutating func receiveHello(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard message.header.status == .ok else { return try refuseHandshake(message, now: now) }
        let reply = try ControlCodec.decode(PBHelloReply.self, message.payload)
        guard [UInt8](reply.nonce) == nonce else { return [] }
        guard reply.major == UInt32(FrameHeader.majorVersion) else {
            throw WireError(
                .badVersion, at: 0, expected: UInt64(FrameHeader.majorVersion),
                found: UInt64(reply.major))
        }
        agreed = configuration.limits.agreed(with: try reply.limits.limits())
        framing.limits = agreed
        var actions: [HostAction] = []
        if let boot, boot != reply.boot { actions = deviceRestarted() }
        boot = reply.boot
        version = (reply.major, reply.minor)
        var open = PBOpen()
        open.run = .init(configuration.runID.bytes)
        open.label = configuration.label.cut(toBytes: DeviceEndpoint.longestLabel)
        open.creditBytes = UInt64(configuration.resultCredit)
        creditGranted = UInt64(configuration.resultCredit)
        creditUsed = 0
        if let session {
            open.resumeSession = session.id
            open.resumeToken = .init(session.token)
        }
        return actions + request(.open, .open, payload: ControlCodec.encode(open), now: now)
    }

    /// The device has forgotten everything: what was sent must be executed anew.
    private mutating func deviceRestarted() -> [HostAction] {
        session = nil
        chip = ChipKnowledge()
        var actions: [HostAction] = []
        for index in pending.indices where pending[index].wasSent { pending[index].failures += 1 }
        for batch in pending where batch.failures >= configuration.maximumAttempts {
            let error = DeviceError(
                .restarted,
                "the device restarted \(batch.failures) times while batch \(batch.batch.id) ran",
                remedy: "See the device's log for why it stops.")
            actions.append(.fail(error, batch: batch.batch.id))
        }
        pending.removeAll { $0.failures >= configuration.maximumAttempts }
        return actions
    }

    mutating func receiveOpen(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard message.header.status == .ok else { return try refuseHandshake(message, now: now) }
        let reply = try ControlCodec.decode(PBOpenReply.self, message.payload)
        session = (reply.session, [UInt8](reply.resumeToken))
        var held: [UInt64: [UInt8]] = [:]
        for batch in reply.held { held[batch.batch] = [UInt8](batch.contentHash) }
        for index in pending.indices where pending[index].wasSent {
            pending[index].assembly = ResultAssembly(
                batch: pending[index].batch.id, shape: pending[index].shape)
            pending[index].firstFailure = nil
            pending[index].progress = now
            if held[pending[index].batch.id] == pending[index].contentHash {
                pending[index].state = .held
            } else {
                pending[index].state = .queued(notBefore: .zero)
            }
        }
        guard describedBoot == boot else { return request(.describe, .describe, now: now) }
        return becomeReady(now: now)
    }

    mutating func receiveDescription(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard message.header.status == .ok else { return try refuseHandshake(message, now: now) }
        let found = try ControlCodec.decode(PBDescription.self, message.payload).description()
        if let known = description, !known.isSameChip(as: found) {
            return end(
                DeviceError(
                    .restarted,
                    "another chip answers: it was serial \(known.serial), profile \(known.profile), "
                        + "calibration \(known.calibration); now it is serial \(found.serial), "
                        + "profile \(found.profile), calibration \(found.calibration)",
                    remedy: "Start the device with the former serial and profile."))
        }
        description = found
        describedBoot = boot
        return [.describe(found)] + becomeReady(now: now)
    }

    private mutating func becomeReady(now: Duration) -> [HostAction] {
        phase = .ready
        linkFailures = 0
        var actions: [HostAction] = [.ready]
        for batch in pending where batch.cancelRequested {
            switch batch.state {
            case .held, .sent: actions += sendCancel(batch.batch.id, now: now)
            case .queued:
                pending.removeAll { $0.batch.id == batch.batch.id }
                actions.append(.fail(Self.cancelled(batch.batch.id), batch: batch.batch.id))
            }
        }
        return actions + pump(now: now)
    }

    private mutating func refuseHandshake(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        let fault = try ControlCodec.decode(PBFault.self, message.payload)
        let status = message.header.status
        if status == .version || status == .criticalUnknown {
            return end(Self.refusal(status, fault))
        }
        return dropLink(
            DeviceError(.unavailable, "the device refused: \(status) \(fault.detail)"), now: now)
    }

    func receiveHealth(_ message: WireMessage) throws(WireError) -> [HostAction] {
        guard message.header.status == .ok else { return [] }
        return [.health(try DeviceHealth(payload: message.payload))]
    }
}

extension DeviceDescription {
    /// Whether results of the other are results of this chip.
    func isSameChip(as other: DeviceDescription) -> Bool {
        kind == other.kind && serial == other.serial && profile == other.profile
            && geometry == other.geometry && effects == other.effects
            && calibration == other.calibration
    }
}
