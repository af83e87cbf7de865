import Substrate

extension HostSession {
    /// When `timeout` must be called next, on the clock of `now`; `nil` when nothing is awaited.
    public var nextTimeout: Duration? {
        switch phase {
        case .idle, .down, .ended: return nil
        case .handshake(let until), .closing(let until): return until
        case .ready: break
        }
        var next = min(lastSent, lastReceived) + configuration.heartbeat
        if let pingSent {
            next = min(lastSent + configuration.heartbeat, pingSent + configuration.silenceLimit)
        }
        switch lease {
        case .none, .asked: break
        case .waiting(let until): next = min(next, until)
        case .held(_, let ttl, let confirmed, let renewing):
            if !renewing { next = min(next, confirmed + ttl / 3) }
        }
        if let first = givenUp.values.min() { next = min(next, first) }
        for batch in pending {
            switch batch.state {
            case .queued(let notBefore):
                if notBefore > .zero, !batch.cancelRequested { next = min(next, notBefore) }
            case .sent: next = min(next, batch.progress + configuration.batchDeadline)
            case .held: break
            }
        }
        return next
    }

    /// Says that time has passed; harmless when called early.
    public mutating func timeout(now: Duration) -> [HostAction] {
        switch phase {
        case .idle, .down, .ended: return []
        case .handshake(let until):
            guard now >= until else { return [] }
            return dropLink(
                DeviceError(
                    .unreachable,
                    "the device did not answer within \(configuration.handshakeTimeout)"), now: now)
        case .closing(let until):
            guard now >= until else { return [] }
            phase = .ended
            return [.closed]
        case .ready: break
        }
        if let pingSent, now >= pingSent + configuration.silenceLimit {
            return dropLink(
                DeviceError(
                    .linkLost, "the device was silent for \(configuration.silenceLimit)"), now: now)
        }
        if givenUp.values.contains(where: { now >= $0 }) {
            return dropLink(
                DeviceError(
                    .linkLost,
                    "the device did not end a batch within \(configuration.silenceLimit) after CANCEL"), now: now)
        }
        var actions = expireBatches(now: now)
        actions += renewLease(now: now)
        actions += pump(now: now)
        // The link of a device that leaves has just been dropped.
        guard isReady else { return actions }
        if now >= lastSent + configuration.heartbeat
            || (pingSent == nil && now >= lastReceived + configuration.heartbeat)
        {
            actions += acknowledge(now: now)
            actions += request(.ping, .ping, now: now)
            if pingSent == nil { pingSent = now }
        }
        return actions
    }

    /// Takes a frame that arrived on the current link.
    public mutating func receive(_ frame: [UInt8], now: Duration) -> [HostAction] {
        switch phase {
        case .idle, .down, .ended: return []
        case .handshake, .ready, .closing: break
        }
        do {
            let frame = try Frame(parsing: frame, limits: framing.limits)
            if frame.header.type == MessageType.error.rawValue {
                return receiveError(frame, now: now)
            }
            switch try framing.accept(frame) {
            case .repeated: return []
            case .gap(let expected):
                return dropLink(
                    DeviceError(
                        .linkLost,
                        "frames \(expected)..<\(frame.header.sequence) from the device are missing"),
                    now: now)
            case .partial:
                noteReceived(now: now)
                return grantCredit(for: frame.header, now: now)
            case .message(let message):
                noteReceived(now: now)
                return grantCredit(for: frame.header, now: now) + receiveWhole(message, now: now)
            }
        } catch {
            return dropLink(Self.violation(error), now: now)
        }
    }

    /// Acts on a message; a device that goes on breaking the protocol is given up, a disturbed link is not.
    private mutating func receiveWhole(_ message: WireMessage, now: Duration) -> [HostAction] {
        do {
            return try receive(message, now: now)
        } catch {
            violations += 1
            guard violations < configuration.maximumAttempts else {
                return end(Self.violation(error))
            }
            return dropLink(Self.violation(error), now: now)
        }
    }

    private mutating func noteReceived(now: Duration) {
        lastReceived = now
        pingSent = nil
    }

    /// Acts on a whole message: it answers a request, or it is a notice of the device.
    private mutating func receive(
        _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        let header = message.header
        if header.type == MessageType.goAway.rawValue {
            let notice = try ControlCodec.decode(PBGoAway.self, message.payload)
            isDeviceLeaving = true
            return [.goAway(notice.reason)] + pump(now: now)
        }
        // Whoever the answer is for, also one that nobody waits for any more: the chip has not got what we took it to
        // have (WGT-005).
        if header.flags.contains(.response), header.status == .epochMismatch {
            chip = ChipKnowledge(epoch: chip.epoch)
        }
        guard header.flags.contains(.response), let outstanding = requests[header.request] else {
            return []
        }
        // A refusal is final whatever its flags say (REQ-003).
        if header.flags.contains(.final) || header.status != .ok {
            requests[header.request] = nil
            givenUp[header.request] = nil
        }
        if header.status == .ok { confirmLease(outstanding) }
        switch outstanding.purpose {
        case .hello: return try receiveHello(message, now: now)
        case .open: return try receiveOpen(message, now: now)
        case .describe: return try receiveDescription(message, now: now)
        case .acquire: return try receiveGrant(message, outstanding, now: now)
        case .renew: return try receiveRenewal(message, now: now)
        case .ping: return []
        case .preparation(let batch), .weights(let batch):
            return try receivePreparation(message, of: batch, outstanding, now: now)
        case .execute(let batch, _): return try receiveExecution(message, of: batch, now: now)
        case .cancel(let batch): return try receiveCancel(message, of: batch, now: now)
        case .health: return try receiveHealth(message)
        case .close:
            phase = .ended
            return [.closed]
        }
    }

    /// The device has ended the link, and says why.
    private mutating func receiveError(_ frame: Frame, now: Duration) -> [HostAction] {
        let fault = (try? ControlCodec.decode(PBFault.self, frame.payload)) ?? PBFault()
        let status = frame.header.status
        if status == .version || status == .criticalUnknown {
            return end(Self.refusal(status, fault))
        }
        let code: DeviceError.Code = status.retry == .link ? .linkLost : .protocolViolation
        return dropLink(
            DeviceError(code, "the device ended the link: \(status) \(fault.detail)"), now: now)
    }

    /// Gives the link up and asks for a fresh one.
    mutating func dropLink(_ error: DeviceError, now: Duration) -> [HostAction] {
        if case .closing = phase {
            phase = .ended
            return [.closed]
        }
        forgetLink()
        phase = .down
        let wait: Duration =
            linkFailures == 0 ? .zero : min(.milliseconds(25 << min(linkFailures, 6)), .seconds(1))
        linkFailures += 1
        return [.reconnect(after: wait, error)]
    }

    /// Ends the session for good.
    mutating func end(_ error: DeviceError) -> [HostAction] {
        let actions = failAll(error)
        phase = .ended
        return actions + [.fail(error, batch: nil)]
    }

    /// Fails all batches that are under way.
    mutating func failAll(_ error: DeviceError) -> [HostAction] {
        defer { pending = [] }
        return pending.map { .fail(error, batch: $0.batch.id) }
    }

    /// What a link held is gone; batches that were sent wait to learn their fate.
    mutating func forgetLink() {
        requests = [:]
        givenUp = [:]
        lease = .none
        pingSent = nil
        isDeviceLeaving = false
        delivered.acknowledged = 0
        staged = nil
    }

    /// What bytes that break the protocol mean to the user.
    static func violation(_ error: WireError) -> DeviceError {
        DeviceError(.protocolViolation, "the device sent bytes that break the protocol: \(error)")
    }

    /// What a refused handshake means to the user: both versions, and which side is to be updated.
    static func refusal(_ status: WireStatus, _ fault: PBFault) -> DeviceError {
        let ours = PBVersions.ours.text
        guard fault.hasVersions else {
            return DeviceError(.versionMismatch, "\(status): \(fault.detail)", remedy: fault.remedy)
        }
        let theirs = fault.versions
        let isDeviceOlder = theirs.highestMajor < PBVersions.ours.lowestMajor
        return DeviceError(
            .versionMismatch,
            "this program speaks VP \(ours), the device speaks VP \(theirs.text)",
            remedy: isDeviceOlder
                ? "Update the device's daemon or firmware." : "Update this program.")
    }
}
