import Substrate

extension DeviceEndpoint {
    /// What the device holds of a run, the newest of it where all is too long for the link's limit (OPN-003).
    func holdings(of run: RunID, on peer: PeerID) -> [PBHeldBatch] {
        // A batch takes at most 49 bytes; the fields beside the list, at most 64.
        let most = (limits(of: peer).controlPayload - 64) / 49
        return jobs.filter { $0.key.run == run && $0.state != .abandoned }.suffix(most).map { job in
            var held = PBHeldBatch()
            held.batch = job.key.batch
            held.state = wireState(of: job)
            held.contentHash = .init(job.contentHash)
            return held
        }
    }

    /// EXECUTE: a new batch is queued, a known one is answered from what is there.
    mutating func execute(
        _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        let wanted = try ControlCodec.decode(PBExecute.self, message.payload)
        guard let session = sessions[id] else { return [] }
        if let index = jobs.firstIndex(where: {
            $0.key.run == session.run && $0.key.batch == wanted.batch && $0.state != .abandoned
        }) {
            if jobs[index].contentHash == [UInt8](wanted.contentHash) {
                return answerKnown(at: index, wanted, message, session: session, from: peer)
            }
            let owner = jobs[index].session
            guard owner != id, sessions[owner]?.isDetached ?? true else {
                return refuse(
                    message, .duplicateMismatch,
                    "batch \(wanted.batch) is held with another content", to: peer)
            }
            let ticket = jobs[index].key.ticket
            return forgetJobs { $0.key.ticket == ticket }
                + accept(wanted, message, session: id, from: peer)
        }
        return accept(wanted, message, session: id, from: peer)
    }

    /// A batch that the device has already: its result answers this request now.
    private mutating func answerKnown(
        at index: Int, _ wanted: PBExecute, _ message: WireMessage, session: Session, from peer: PeerID
    ) -> [DeviceAction] {
        let ticket = jobs[index].key.ticket
        let longest = jobs[index].chunks.lazy.map(\.count).max() ?? 0
        guard longest <= limits(of: peer).message else {
            return refuse(
                message, .invalid,
                "a chunk of batch \(jobs[index].key.batch) has \(longest) bytes, the link takes "
                    + "\(limits(of: peer).message)", to: peer)
        }
        var fault = PBFault()
        fault.detail = "request \(message.header.request) asks for the same batch, and gets its result"
        var actions = endWaiting(for: ticket, .cancelled, fault)
        jobs[index].session = session.id
        jobs[index].request = message.header.request
        counters.duplicatesAnswered += 1
        let job = jobs[index]
        if wanted.hasSlot { sessions[session.id]?.slots[Int(wanted.slot)] = nil }
        actions.append(.log(.duplicateAnswered(label: session.label, batch: job.key.batch)))
        actions += respondAccepted(message, job, to: peer)
        sessions[session.id]?.outbox.append(
            Stream(ticket: ticket, request: job.request, isDuplicate: job.state == .done))
        return actions + pumpResults(session: session.id)
    }

    /// Ends the EXECUTE that waits for a batch, if one does on a link that is still there.
    mutating func endWaiting(for ticket: UInt64, _ status: WireStatus, _ fault: PBFault) -> [DeviceAction] {
        for id in sessions.keys {
            guard let place = sessions[id]?.outbox.firstIndex(where: { $0.ticket == ticket }),
                let stream = sessions[id]?.outbox.remove(at: place), let peer = sessions[id]?.peer
            else { continue }
            return refuse(
                type: MessageType.execute.rawValue, request: stream.request, status, fault, to: peer)
        }
        return []
    }

    private mutating func respondAccepted(
        _ message: WireMessage, _ job: Job, to peer: PeerID
    ) -> [DeviceAction] {
        var reply = PBExecuteReply()
        reply.batch = job.key.batch
        reply.state = wireState(of: job)
        reply.ahead = UInt32(
            jobs.count { $0.key.ticket < job.key.ticket && $0.state != .done })
        return respond(message, payload: ControlCodec.encode(reply), to: peer, isFinal: false)
    }

    /// Queues a batch that is not held, if it is what it says it is.
    private mutating func accept(
        _ wanted: PBExecute, _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) -> [DeviceAction] {
        guard let session = sessions[id] else { return [] }
        guard wanted.hasSlot else {
            return refuse(message, .forgotten, "batch \(wanted.batch) is not held", to: peer)
        }
        if let leaving { return refuse(message, .shuttingDown, leaving, to: peer) }
        guard let network = chip.configuration,
            chip.configurationHash == [UInt8](wanted.configurationHash)
        else {
            return refuse(message, .epochMismatch, "the chip is configured otherwise", to: peer)
        }
        guard chip.epoch == wanted.epoch, chip.imageChecksum == wanted.imageCrc,
            chip.image.count == network.synapseCount
        else {
            return refuse(
                message, .epochMismatch,
                "epoch \(wanted.epoch) is wanted, the chip has \(chip.epoch)", to: peer)
        }
        guard let staged = session.slots[Int(wanted.slot)] else {
            return refuse(message, .invalid, "slot \(wanted.slot) is empty", to: peer)
        }
        let first = Int(wanted.observables.firstMembrane)
        let observables = Observables(
            spikes: wanted.observables.spikes,
            membranes: first..<first + Int(wanted.observables.membraneCount),
            reference: wanted.observables.hasReference ? wanted.observables.reference : nil)
        if let flaw = network.flaw(of: observables) {
            return refuse(message, .invalid, flaw, to: peer)
        }
        let hash = ContentHash.batch(
            configurationHash: chip.configurationHash, imageChecksum: chip.imageChecksum,
            observables: observables, block: staged.block)
        guard hash == [UInt8](wanted.contentHash) else {
            return refuse(message, .invalid, "the content is not what its hash says", to: peer)
        }
        let limits = limits(of: peer)
        let own = jobs.filter { $0.session == id }
        guard own.count(where: { $0.state != .done }) < limits.slots,
            own.count < limits.resultsKept
        else {
            return refuse(message, .busy, "no slot or no place for a result is free", to: peer)
        }
        let batch = DeviceBatch(
            id: wanted.batch, configuration: network, synapses: SynapseMatrix(codes: chip.image),
            inputs: staged.inputs, observables: observables)
        return enqueue(batch, wanted, hash, message, session: session, from: peer)
    }

    private mutating func enqueue(
        _ batch: DeviceBatch, _ wanted: PBExecute, _ hash: [UInt8], _ message: WireMessage,
        session: Session, from peer: PeerID
    ) -> [DeviceAction] {
        lastTicket += 1
        sessions[session.id]?.slots[Int(wanted.slot)] = nil
        sessions[session.id]?.outbox.append(
            Stream(ticket: lastTicket, request: message.header.request, isDuplicate: false))
        let entriesPerChunk = max(1, Int(wanted.chunkEntries))
        let job = Job(
            key: JobKey(
                run: session.run, batch: wanted.batch, attempt: wanted.attempt, ticket: lastTicket),
            contentHash: hash, configurationHash: chip.configurationHash,
            imageChecksum: chip.imageChecksum,
            shape: ResultShape(batch, chunkEntries: entriesPerChunk), session: session.id,
            request: message.header.request, batch: batch)
        jobs.append(job)
        let event = DeviceEvent.jobAccepted(
            label: session.label, batch: batch.id, entries: batch.inputs.entryCount,
            events: batch.inputs.eventCount)
        return [.log(event)] + respondAccepted(message, job, to: peer) + startNext()
    }

    /// Hands the next batch to the shell, if that may have one more.
    mutating func startNext() -> [DeviceAction] {
        guard jobs.count(where: { $0.state == .out || $0.state == .abandoned }) < configuration.batchesOut,
            let index = jobs.firstIndex(where: { $0.state == .queued }),
            let batch = jobs[index].batch
        else { return [] }
        jobs[index].state = .out
        return [.execute(jobs[index].key, batch, slicesOf: jobs[index].shape.chunkEntries)]
    }

    /// Ends the jobs for which the predicate holds, without a word to their sessions.
    mutating func forgetJobs(where isUnwanted: (Job) -> Bool) -> [DeviceAction] {
        var actions: [DeviceAction] = []
        let gone = Set(
            jobs.filter { $0.state != .abandoned && isUnwanted($0) }.map(\.key.ticket))
        for index in jobs.indices where jobs[index].state == .out && gone.contains(jobs[index].key.ticket) {
            jobs[index].state = .abandoned
            jobs[index].chunks = []
            actions.append(.cancel(jobs[index].key))
        }
        jobs.removeAll { $0.state != .abandoned && gone.contains($0.key.ticket) }
        for id in sessions.keys { sessions[id]?.outbox.removeAll { gone.contains($0.ticket) } }
        return actions
    }

    /// Ends a batch that has no result yet, and tells its session.
    mutating func endUnfinished(
        _ job: Job, _ status: WireStatus, _ fault: PBFault
    ) -> [DeviceAction] {
        counters.jobsCancelled += 1
        let ticket = job.key.ticket
        let label = sessions[job.session]?.label ?? ""
        var actions: [DeviceAction] = [.log(.jobCancelled(label: label, batch: job.key.batch))]
        actions += endWaiting(for: ticket, status, fault)
        return actions + forgetJobs { $0.key.ticket == ticket }
    }

    /// ABORT (USB-006): ends the batch of an EXECUTE of the link's session as CANCEL does, if it has no result yet.
    public mutating func abort(request: UInt64, from peer: PeerID, now: Duration) -> [DeviceAction] {
        var actions = expire(now: now)
        guard let session = links[peer]?.session,
            let job = jobs.first(where: {
                $0.session == session && $0.request == request && $0.state != .abandoned && $0.state != .done
            })
        else { return counted(actions) }
        var fault = PBFault()
        fault.detail = "batch \(job.key.batch) was aborted by the host"
        actions += endUnfinished(job, .cancelled, fault)
        return counted(actions + startNext())
    }

    /// CANCEL: afterwards the batch is done or cancelled.
    mutating func cancel(
        _ message: WireMessage, session id: UInt64, from peer: PeerID
    ) throws(WireError) -> [DeviceAction] {
        let wanted = try ControlCodec.decode(PBCancel.self, message.payload)
        var reply = PBCancelReply()
        reply.batch = wanted.batch
        reply.state = .cancelled
        var actions: [DeviceAction] = []
        if let job = jobs.first(where: {
            $0.key.run == sessions[id]?.run && $0.key.batch == wanted.batch
                && $0.state != .abandoned
        }) {
            if job.state == .done {
                reply.state = .done
            } else {
                var fault = PBFault()
                fault.detail = "batch \(wanted.batch) was cancelled by the host"
                actions += endUnfinished(job, .cancelled, fault)
            }
        }
        actions += respond(message, payload: ControlCodec.encode(reply), to: peer)
        return actions + startNext()
    }

    /// The state as LIST tells it: of the batches that are out, the first one runs.
    private func wireState(of job: Job) -> PBBatchState {
        switch job.state {
        case .queued: .queued
        case .out:
            jobs.first { $0.state == .out || $0.state == .abandoned }?.key == job.key ? .running : .queued
        case .abandoned: .cancelled
        case .done: .done
        }
    }
}
