import Substrate

extension HostSession {
    /// How long to wait before asking again for a lease that somebody else has.
    private static let leaseRetry: Duration = .milliseconds(250)

    /// Whether the lease is held by our own clock, which counts four fifths of its time (`protocol/SPEC.md`, LSE-007).
    func countsOnLease(now: Duration) -> Bool {
        guard case .held(_, let ttl, let confirmed, _) = lease else { return false }
        return now < confirmed + ttl * 4 / 5
    }

    /// Asks for the lease where none is held; says whether it is held.
    mutating func ensureLease(now: Duration) -> (isHeld: Bool, actions: [HostAction]) {
        if countsOnLease(now: now) { return (true, []) }
        switch lease {
        case .held: break
        case .asked: return (false, [])
        case .waiting(let until):
            guard now >= until else { return (false, []) }
        case .none: break
        }
        lease = .asked
        var acquire = PBAcquire()
        acquire.ttlMs = UInt32(clamping: configuration.leaseTTL.milliseconds)
        return (
            false, request(.acquire, .acquire, payload: ControlCodec.encode(acquire), now: now)
        )
    }

    /// Extends the lease when a third of its time has passed without a confirmation; one that whoever calls has slept
    /// through is acquired again.
    mutating func renewLease(now: Duration) -> [HostAction] {
        guard case .held(let token, let ttl, let confirmed, false) = lease,
            now >= confirmed + ttl / 3
        else { return [] }
        guard countsOnLease(now: now) else { return ensureLease(now: now).actions }
        lease = .held(token: token, ttl: ttl, confirmed: confirmed, renewing: true)
        return request(.renew, .renew, now: now)
    }

    /// Every request under the lease that went well has extended it.
    mutating func confirmLease(_ outstanding: OutstandingRequest) {
        guard case .held(let token, let ttl, let confirmed, let renewing) = lease else { return }
        switch outstanding.purpose {
        case .preparation, .weights, .execute, .renew:
            lease = .held(
                token: token, ttl: ttl, confirmed: max(confirmed, outstanding.sent),
                renewing: renewing && outstanding.purpose != .renew)
        case .hello, .open, .describe, .acquire, .ping, .cancel, .health, .close: break
        }
    }

    mutating func receiveGrant(
        _ message: WireMessage, _ outstanding: OutstandingRequest, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard message.header.status == .ok else {
            lease = .none
            let fault = try ControlCodec.decode(PBFault.self, message.payload)
            guard message.header.status == .leaseHeld else {
                return failAll(Self.deviceError(message.header.status, fault, "the lease"))
            }
            return waitForLease(fault.holder.holder, now: now)
        }
        let grant = try ControlCodec.decode(PBLeaseGrant.self, message.payload)
        lease = .held(
            token: grant.token, ttl: .milliseconds(Int64(max(grant.ttlMs, 1))),
            confirmed: outstanding.sent, renewing: false)
        leaseAskedSince = nil
        adopt(grant.chip)
        return pump(now: now)
    }

    /// The lease lapsed or passed on; work goes on under a new one, if it can be had.
    mutating func receiveRenewal(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard message.header.status != .ok, case .held = lease else { return [] }
        lease = .none
        return pump(now: now)
    }

    /// Somebody else has the lease: waits within the configured patience, or fails.
    private mutating func waitForLease(_ holder: LeaseHolder, now: Duration) -> [HostAction] {
        let since = leaseAskedSince ?? now
        leaseAskedSince = since
        let isOurWorkCutOff = pending.contains { $0.wasSent }
        guard now - since >= configuration.leasePatience || isOurWorkCutOff else {
            lease = .waiting(until: now + Self.leaseRetry)
            return []
        }
        leaseAskedSince = nil
        let seconds = (holder.remaining.milliseconds + 999) / 1_000
        return failAll(
            DeviceError(
                isOurWorkCutOff ? .leaseLost : .leaseHeld,
                "the chip is in use by \"\(holder.label)\" since "
                    + "\(holder.age.milliseconds / 1_000) s; its lease runs for another "
                    + "\(seconds) s unless it is renewed",
                remedy: "Wait until it has finished, or use another device."))
    }

    /// Keeps what we know of the weights only if the device has exactly these.
    private mutating func adopt(_ state: PBChipState) {
        let hash = [UInt8](state.configurationHash)
        let isOurs =
            chip.image != nil && chip.configurationHash == hash && chip.epoch == state.epoch
            && chip.imageChecksum == state.imageCrc
        guard !isOurs else { return }
        chip = ChipKnowledge(configurationHash: hash, epoch: state.epoch)
    }
}
