import Substrate

extension HostSession {
    /// Lets the device send on, once half of what was granted is used.
    mutating func grantCredit(for header: FrameHeader, now: Duration) -> [HostAction] {
        guard header.type == MessageType.result.rawValue else { return [] }
        creditUsed += UInt64(header.payloadLength)
        let window = UInt64(configuration.resultCredit)
        guard creditGranted < creditUsed + window / 2 else { return [] }
        creditGranted = creditUsed + window
        var credit = PBCredit()
        credit.totalBytes = creditGranted
        return notify(.credit, payload: ControlCodec.encode(credit), now: now)
    }

    /// An answer to CONFIGURE, WEIGHTS, COMMIT or STAGE: only a failure matters, and only until EXECUTE is answered.
    mutating func receivePreparation(
        _ message: WireMessage, of batch: UInt64, _ outstanding: OutstandingRequest, now: Duration
    ) throws(WireError) -> [HostAction] {
        let isWeights = outstanding.purpose == .weights(batch: batch)
        guard message.header.status != .ok else { return [] }
        let fault = try ControlCodec.decode(PBFault.self, message.payload)
        if isWeights || message.header.type == MessageType.configure.rawValue {
            chip = ChipKnowledge(epoch: chip.epoch)
        }
        if staged?.batch == batch { staged = nil }
        guard let index = pending.firstIndex(where: { $0.batch.id == batch }) else { return [] }
        if pending[index].firstFailure == nil {
            pending[index].firstFailure = (message.header.status, fault)
        }
        return []
    }

    /// An answer to EXECUTE: accepted, a chunk, the end, or a refusal.
    mutating func receiveExecution(
        _ message: WireMessage, of batch: UInt64, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard let index = pending.firstIndex(where: { $0.batch.id == batch }),
            pending[index].request == message.header.request
        else { return [] }
        for other in pending.indices { pending[other].progress = now }
        pending[index].report.bytesIn += message.frameBytes
        guard message.header.status == .ok else {
            let fault = try ControlCodec.decode(PBFault.self, message.payload)
            return executionFailed(at: index, message.header.status, fault, now: now)
        }
        switch MessageType(rawValue: message.header.type) {
        case .result:
            guard !pending[index].assembly.isComplete else {
                throw WireError(.badFragment, at: 0, found: UInt64(message.header.type))
            }
            let slice = try pending[index].assembly.append(
                message.payload, checksum: message.payloadChecksum)
            return pending[index].cancelRequested ? [] : [.slice(slice, batch: batch)]
        case .done: return try finish(at: index, message, now: now)
        case .execute: return []
        case .hello, .open, .close, .ping, .credit, .cancel, .goAway, .error, .acquire, .renew,
            .release, .query, .describe, .configure, .weights, .commit, .stage, .ack, .list, .get,
            .report, nil:
            throw WireError(.unknownType, at: 6, found: UInt64(message.header.type))
        }
    }

    /// The result is complete: it is handed out if it is the one that was asked for.
    private mutating func finish(
        at index: Int, _ message: WireMessage, now: Duration
    ) throws(WireError) -> [HostAction] {
        let done = try ControlCodec.decode(PBDone.self, message.payload)
        var batch = pending[index]
        let (accounting, execution) = try CostsBlock.decode(Array(done.costs)[...])
        let totals = RecordingTotals(
            batch: batch.batch.id, accounting: accounting, execution: execution,
            temperature: done.hasTemperature ? done.temperature : nil)
        if let flaw = Self.flaw(of: totals, batch, done) {
            throw WireError(flaw, at: 0, expected: batch.batch.id, found: done.batch)
        }
        batch.report.duplicate = message.header.flags.contains(.duplicate)
        batch.report.waitToSend = (batch.firstSent ?? now) - batch.submitted
        batch.report.roundTrip = now - (batch.firstSent ?? now)
        pending.remove(at: index)
        violations = 0
        delivered.through = max(delivered.through, message.header.request)
        return [.deliver(totals, batch.report)] + pump(now: now)
    }

    /// What in a result is not what was asked for or does not add up.
    private static func flaw(
        of totals: RecordingTotals, _ batch: PendingBatch, _ done: PBDone
    ) -> WireError.Code? {
        guard batch.assembly.isComplete, done.chunks == UInt32(batch.assembly.chunkCount) else {
            return .truncated
        }
        guard done.chunkCrc == batch.assembly.checksum else { return .badPayloadChecksum }
        guard done.batch == batch.batch.id, done.entries == UInt32(batch.batch.inputs.entryCount),
            [UInt8](done.configurationHash) == batch.configurationHash,
            done.imageCrc == batch.imageChecksum,
            [UInt8](done.contentHash) == batch.contentHash
        else { return .outOfRange }
        guard totals.accounting.balances,
            totals.temperature?.isFinite ?? true,
            totals.accounting.offered == UInt64(batch.batch.inputs.eventCount),
            !batch.batch.observables.spikes
                || totals.accounting.delivered == UInt64(batch.assembly.eventCount)
        else { return .outOfRange }
        return nil
    }

    /// EXECUTE was refused or ended without a result: tries again where that can help.
    private mutating func executionFailed(
        at index: Int, _ lastStatus: WireStatus, _ lastFault: PBFault, now: Duration
    ) -> [HostAction] {
        let (status, fault) = pending[index].firstFailure ?? (lastStatus, lastFault)
        let batch = pending[index]
        let id = batch.batch.id
        let mayRetry = batch.failures < configuration.maximumAttempts
        if batch.cancelRequested {
            pending.remove(at: index)
            return [.fail(Self.cancelled(id), batch: id)] + pump(now: now)
        }
        switch status {
        case .leaseExpired:
            lease = .none
            pending[index].state = .queued(notBefore: .zero)
            pending[index].takeBackAttempt()
            pending[index].wasSent = pending[index].attempt > 0
        case .epochMismatch where mayRetry, .forgotten where mayRetry:
            chip = ChipKnowledge(epoch: chip.epoch)
            pending[index].failures += 1
            pending[index].firstRequest = nil
            pending[index].state = .queued(notBefore: .zero)
        case .busy:
            pending[index].takeBackAttempt()
            // The device holds nothing of it: what it holds of later batches can be acknowledged, which makes room.
            pending[index].firstRequest = nil
            pending[index].state = .queued(notBefore: now + .milliseconds(50))
        case .shuttingDown:
            pending[index].state = .queued(notBefore: .zero)
            isDeviceLeaving = true
        default:
            if status == .fenced { lease = .none }
            pending.remove(at: index)
            return [.fail(Self.deviceError(status, fault, "batch \(id)"), batch: id)]
                + pump(now: now)
        }
        return pump(now: now)
    }

    /// The device has said what became of a batch that we gave up.
    mutating func receiveCancel(
        _ message: WireMessage, of batch: UInt64, now: Duration
    ) throws(WireError) -> [HostAction] {
        guard let index = pending.firstIndex(where: { $0.batch.id == batch }) else { return [] }
        if message.header.status == .ok {
            let reply = try ControlCodec.decode(PBCancelReply.self, message.payload)
            if reply.state == .done, pending[index].request != nil { return [] }
        }
        pending.remove(at: index)
        return [.fail(Self.cancelled(batch), batch: batch)] + pump(now: now)
    }

    /// What a status of the device means to the user.
    static func deviceError(
        _ status: WireStatus, _ fault: PBFault, _ place: String
    ) -> DeviceError {
        let code: DeviceError.Code =
            switch status {
            case .leaseHeld: .leaseHeld
            case .leaseExpired, .fenced: .leaseLost
            case .invalid, .malformed, .tooLarge, .notSupported, .duplicateMismatch:
                .invalidRequest
            case .cancelled: .cancelled
            case .busy, .shuttingDown: .unavailable
            case .fault, .internal: .deviceFault
            default: .protocolViolation
            }
        let detail = fault.detail.hasPrefix(place) ? fault.detail : "\(place): \(fault.detail)"
        return DeviceError(
            code, "\(detail) (\(status))",
            remedy: fault.remedy.isEmpty ? nil : fault.remedy)
    }
}
