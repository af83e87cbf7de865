import Substrate

extension DeviceEndpoint {
    private static let shortestLease: Duration = .milliseconds(100)

    /// Refuses a request that needs the lease and comes without it; a request that has it extends it.
    mutating func checkLease(
        _ message: WireMessage, session id: UInt64, from peer: PeerID, now: Duration
    ) -> [DeviceAction]? {
        let token = message.header.token
        if let lease, lease.session == id, lease.token == token {
            self.lease?.expires = now + lease.ttl
            return nil
        }
        if lease == nil, token == lastToken, token >= configuration.firstFencingToken {
            return refuse(message, .leaseExpired, "the lease has run out", to: peer)
        }
        guard token != 0 else {
            return refuse(message, .leaseExpired, "this needs the lease", to: peer)
        }
        counters.requestsFenced += 1
        let label = sessions[id]?.label ?? ""
        let holder = holder(now: now)
        let detail = holder.map { "the lease has passed to \"\($0.label)\"" } ?? "the lease is old"
        let actions = refuse(message, .fenced, detail, to: peer) {
            if let holder { $0.holder = PBHolder(holder) }
        }
        return [.log(.fenced(label: label))] + actions
    }

    /// Who has the lease now.
    func holder(now: Duration) -> LeaseHolder? {
        lease.map {
            LeaseHolder(label: $0.label, age: now - $0.granted, remaining: $0.expires - now)
        }
    }

    mutating func acquire(
        _ message: WireMessage, session id: UInt64, from peer: PeerID, now: Duration
    ) throws(WireError) -> [DeviceAction] {
        let wanted = try ControlCodec.decode(PBAcquire.self, message.payload)
        guard let session = sessions[id] else { return [] }
        let ttl = min(
            max(.milliseconds(Int64(wanted.ttlMs)), Self.shortestLease),
            configuration.maximumLeaseTTL)
        var actions: [DeviceAction] = []
        if let current = lease, current.session == id {
            lease?.ttl = ttl
            lease?.expires = now + ttl
        } else {
            if let holder = holder(now: now), !mayTakeOver(session) {
                return refuse(
                    message, .leaseHeld, "the lease is held by \"\(holder.label)\"", to: peer
                ) { $0.holder = PBHolder(holder) }
            }
            lastToken += 1
            lease = Lease(
                token: lastToken, session: id, label: session.label, granted: now, ttl: ttl,
                expires: now + ttl)
            actions.append(.log(.leaseGranted(label: session.label, token: lastToken)))
            actions += cancelOthers(than: id)
        }
        var grant = PBLeaseGrant()
        grant.token = lease?.token ?? lastToken
        grant.ttlMs = UInt32(clamping: ttl.milliseconds)
        grant.chip.configurationHash = .init(chip.configurationHash)
        grant.chip.epoch = chip.epoch
        grant.chip.imageCrc = chip.imageChecksum
        return actions + respond(message, payload: ControlCodec.encode(grant), to: peer)
    }

    /// A later session of a run takes the lease of an earlier one that lies silent: its process is gone.
    private func mayTakeOver(_ session: Session) -> Bool {
        guard let lease, let holder = sessions[lease.session] else { return true }
        return holder.isDetached && holder.run == session.run
    }

    /// Ends the unfinished batches of sessions that have lost the lease.
    private mutating func cancelOthers(than id: UInt64) -> [DeviceAction] {
        var actions: [DeviceAction] = []
        var fault = PBFault()
        fault.detail = "the lease has passed to another session"
        for job in jobs where job.session != id && (job.state == .queued || job.state == .out) {
            actions += endUnfinished(job, .fenced, fault)
        }
        return actions
    }

    mutating func release(
        _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) -> [DeviceAction] {
        let actions = lease?.session == id ? freeLease(expired: false) : []
        return actions + respond(message, to: peer)
    }

    mutating func freeLease(expired: Bool) -> [DeviceAction] {
        guard let freed = lease else { return [] }
        lease = nil
        return [.log(.leaseFreed(label: freed.label, expired: expired))]
    }

    mutating func query(
        _ message: WireMessage, session id: UInt64, from peer: PeerID, now: Duration
    ) -> [DeviceAction] {
        var state = PBLeaseState()
        if let holder = holder(now: now) {
            state.held = true
            state.yours = lease?.session == id
            state.holder = PBHolder(holder)
        }
        return respond(message, payload: ControlCodec.encode(state), to: peer)
    }
}
