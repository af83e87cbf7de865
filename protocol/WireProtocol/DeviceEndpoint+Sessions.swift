import Substrate

extension DeviceEndpoint {
    /// OPEN: a new session, or an old one on this link.
    mutating func receiveOpen(
        _ message: WireMessage, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let open = try ControlCodec.decode(PBOpen.self, message.payload)
        guard let run = RunID(bytes: open.run) else {
            return refuse(message, .invalid, "the run id must have 16 bytes", to: peer)
        }
        if let leaving { return refuse(message, .shuttingDown, leaving, to: peer) }
        var actions: [DeviceAction] = []
        let resumed = sessions[open.resumeSession].flatMap {
            $0.token == [UInt8](open.resumeToken) && $0.run == run ? $0 : nil
        }
        var session: Session
        if let resumed {
            session = resumed
            if let old = session.peer { links[old] = nil }
        } else {
            let (room, made) = makeRoom()
            actions += made
            guard room else {
                return actions
                    + refuse(
                        message, .busy, "all \(configuration.maximumSessions) sessions are taken",
                        to: peer)
            }
            session = newSession(run: run, now: now)
        }
        session.label = open.label.cut(toBytes: Self.longestLabel)
        session.peer = peer
        session.lastHeard = now
        session.isDetached = false
        session.lastRequest = max(session.lastRequest, message.header.request)
        session.slots = [:]
        session.outbox = []
        session.begun = nil
        session.creditGranted = open.creditBytes
        session.creditUsed = 0
        sessions[session.id] = session
        links[peer]?.session = session.id
        actions.append(.log(.sessionOpened(label: session.label, resumed: resumed != nil)))
        var reply = PBOpenReply()
        reply.session = session.id
        reply.resumeToken = .init(session.token)
        reply.resumeMs = UInt32(clamping: configuration.resumeTime.milliseconds)
        reply.resumed = resumed != nil
        reply.held = holdings(of: run, on: peer)
        return actions + respond(message, payload: ControlCodec.encode(reply), to: peer)
    }

    /// Whether a peer has opened a session.
    public func hasSession(_ peer: PeerID) -> Bool { links[peer]?.session != nil }

    private mutating func newSession(run: RunID, now: Duration) -> Session {
        sessionCount += 1
        var id: UInt64 = 0
        for byte in ContentHash.derived(
            from: configuration.secret, purpose: 1, number: sessionCount
        ).prefix(8) { id = id << 8 | UInt64(byte) }
        let token = ContentHash.derived(
            from: configuration.secret, purpose: 2, number: sessionCount)
        return Session(
            id: max(id, 1), token: Array(token.prefix(16)), run: run, label: "", lastHeard: now)
    }

    /// Whether one more session has a place; the longest detached one yields its own.
    private mutating func makeRoom() -> (Bool, [DeviceAction]) {
        guard sessions.count >= configuration.maximumSessions else { return (true, []) }
        let idle = sessions.values.filter { $0.isDetached && $0.id != lease?.session }
        guard let oldest = idle.min(by: { ($0.lastHeard, $0.id) < ($1.lastHeard, $1.id) }) else {
            return (false, [])
        }
        return (true, end(oldest.id, expired: true))
    }

    mutating func close(
        _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) -> [DeviceAction] {
        let actions = respond(message, to: peer)
        return actions + end(id, expired: false)
    }

    /// Forgets a session and all that it holds.
    private mutating func end(_ id: UInt64, expired: Bool) -> [DeviceAction] {
        guard let session = sessions.removeValue(forKey: id) else { return [] }
        if let peer = session.peer { links[peer] = nil }
        var actions: [DeviceAction] = [
            .log(.sessionEnded(label: session.label, expired: expired))
        ]
        actions += forgetJobs { $0.session == id }
        if lease?.session == id { actions += freeLease(expired: expired) }
        return actions + startNext()
    }

    /// The link of a session is gone.
    mutating func detach(_ id: UInt64) -> [DeviceAction] {
        guard var session = sessions[id] else { return [] }
        session.peer = nil
        session.outbox = []
        session.begun = nil
        session.slots = [:]
        let wasDetached = session.isDetached
        session.isDetached = true
        sessions[id] = session
        return wasDetached ? [] : [.log(.sessionDetached(label: session.label))]
    }

    /// When `timeout` must be called next, on the clock of `now`; `nil` when nothing is awaited.
    public var nextTimeout: Duration? {
        var times: [Duration] = []
        for link in links.values where link.session == nil {
            times.append(link.lastHeard + configuration.halfOpenTimeout)
        }
        for session in sessions.values {
            times.append(
                session.lastHeard
                    + (session.isDetached ? configuration.resumeTime : configuration.silenceLimit))
        }
        if let lease { times.append(lease.expires) }
        return times.min()
    }

    /// Says that time has passed; harmless when called early.
    public mutating func timeout(now: Duration) -> [DeviceAction] { expire(now: now) }

    /// Ends what has lasted long enough.
    mutating func expire(now: Duration) -> [DeviceAction] {
        var actions: [DeviceAction] = []
        if let lease, now >= lease.expires { actions += freeLease(expired: true) }
        for (peer, link) in links
        where link.session == nil && now >= link.lastHeard + configuration.halfOpenTimeout {
            links[peer] = nil
        }
        for id in sessions.keys.sorted() {
            guard let session = sessions[id] else { continue }
            if now >= session.lastHeard + configuration.resumeTime {
                actions += end(id, expired: true)
            } else if !session.isDetached, now >= session.lastHeard + configuration.silenceLimit {
                sessions[id]?.isDetached = true
                actions.append(.log(.sessionDetached(label: session.label)))
            }
        }
        return actions
    }
}
