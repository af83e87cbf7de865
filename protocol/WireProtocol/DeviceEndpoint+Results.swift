public import Substrate

extension DeviceEndpoint {
    /// The shell's job has ended; answers exactly one `.execute`.
    ///
    /// Traps if no such job is out.
    public mutating func complete(
        _ job: JobKey, result: Result<Recording, DeviceError>, now: Duration
    ) -> [DeviceAction] {
        guard let index = jobs.firstIndex(where: { $0.key == job }) else {
            preconditionFailure("job \(job.ticket) is completed, but it is not out")
        }
        precondition(
            jobs[index].state == .running || jobs[index].state == .abandoned,
            "job \(job.ticket) is completed twice")
        var actions = expire(now: now)
        actions += settle(job, result)
        actions += startNext()
        counters.framesSent += actions.reduce(0) {
            if case .transmit = $1 { $0 + 1 } else { $0 }
        }
        return actions
    }

    private mutating func settle(
        _ key: JobKey, _ result: Result<Recording, DeviceError>
    ) -> [DeviceAction] {
        guard let index = jobs.firstIndex(where: { $0.key == key }) else { return [] }
        guard jobs[index].state == .running, let batch = jobs[index].batch else {
            jobs.remove(at: index)
            return []
        }
        switch result {
        case .failure(let error): return fail(at: index, error)
        case .success(let recording):
            if let flaw = Self.flaw(of: recording, for: batch, shape: jobs[index].shape) {
                return fail(at: index, DeviceError(.deviceFault, flaw))
            }
            return keep(recording, at: index)
        }
    }

    private mutating func fail(at index: Int, _ error: DeviceError) -> [DeviceAction] {
        counters.jobsFailed += 1
        let job = jobs.remove(at: index)
        guard let peer = sessions[job.session]?.peer else { return [] }
        var fault = PBFault()
        fault.detail = error.detail
        fault.remedy = error.remedy ?? ""
        let status: WireStatus =
            switch error.code {
            case .invalidRequest: .invalid
            case .cancelled: .cancelled
            case .unavailable: .shuttingDown
            case .badEndpoint, .unreachable, .linkLost, .restarted, .leaseHeld, .leaseLost,
                .versionMismatch, .deviceFault, .protocolViolation:
                .fault
            }
        return refuse(
            type: MessageType.execute.rawValue, request: job.request, status, fault, to: peer)
    }

    /// Encodes a result, keeps it until it is acknowledged, and begins to send it.
    private mutating func keep(_ recording: Recording, at index: Int) -> [DeviceAction] {
        let shape = jobs[index].shape
        let chunks = (0..<shape.chunkCount).map {
            ResultChunk.encode(recording, chunk: $0, shape: shape)
        }
        let limit = configuration.limits.message
        if let longest = chunks.map(\.count).max(), longest > limit {
            return fail(
                at: index,
                DeviceError(
                    .invalidRequest,
                    "a chunk of the result has \(longest) bytes, the limit is \(limit)",
                    remedy: "Ask for smaller chunks."))
        }
        var checksums: [UInt8] = []
        for chunk in chunks { checksums.append(littleEndian: CRC32C.checksum(chunk[...])) }
        var job = jobs[index]
        var done = PBDone()
        done.batch = job.key.batch
        done.attempt = job.key.attempt
        done.entries = UInt32(shape.entryCount)
        done.chunks = UInt32(chunks.count)
        done.chunkCrc = CRC32C.checksum(checksums[...])
        done.costs = .init(CostsBlock.encode(recording.accounting, recording.execution))
        done.configurationHash = .init(job.configurationHash)
        done.imageCrc = job.imageChecksum
        done.contentHash = .init(job.contentHash)
        if let temperature = recording.temperature { done.temperature = temperature }
        job.state = .done
        job.batch = nil
        job.chunks = chunks
        job.done = ControlCodec.encode(done)
        jobs[index] = job
        counters.jobsExecuted += 1
        counters.entriesExecuted += UInt64(shape.entryCount)
        counters.accounting += recording.accounting
        counters.execution += recording.execution
        counters.temperature = recording.temperature
        guard sessions[job.session]?.peer != nil else { return [] }
        sessions[job.session]?.outbox.append(
            Stream(ticket: job.key.ticket, request: job.request, isDuplicate: false))
        return pumpResults(session: job.session)
    }

    /// What in a recording is not what the batch asks for.
    private static func flaw(
        of recording: Recording, for batch: DeviceBatch, shape: ResultShape
    ) -> String? {
        let codes = shape.codesPerEntry * shape.entryCount
        let hasCodes = shape.observables.membranes.isEmpty || recording.membranes?.codes.count == codes
        guard recording.batch == batch.id, recording.validity.count == shape.entryCount, hasCodes,
            !shape.observables.spikes || recording.spikes.entryCount == shape.entryCount
        else { return "the chip answered batch \(batch.id) with a recording of another shape" }
        guard recording.accounting.balances else {
            return "the chip's event accounting of batch \(batch.id) does not balance"
        }
        if shape.observables.spikes,
            let index = recording.spikes.firstDisorder(
                unitCount: shape.neuronCount, window: shape.window)
        {
            return "spike \(index) of batch \(batch.id) is out of order or out of range"
        }
        return nil
    }

    /// Sends results of a session as far as its credit reaches.
    mutating func pumpResults(session id: UInt64) -> [DeviceAction] {
        guard var session = sessions[id], let peer = session.peer, var link = links[peer] else {
            return []
        }
        var actions: [DeviceAction] = []
        while let stream = session.outbox.first {
            guard let job = jobs.first(where: { $0.key.ticket == stream.ticket }) else {
                session.outbox.removeFirst()
                continue
            }
            guard
                let isFinished = Self.sendNext(
                    of: job, &session, &link, to: peer, into: &actions)
            else { break }
            if isFinished { session.outbox.removeFirst() }
        }
        sessions[id] = session
        links[peer] = link
        return actions
    }

    /// Sends the next frame of the first stream; says whether it was the last, or `nil` when credit is short.
    private static func sendNext(
        of job: Job, _ session: inout Session, _ link: inout Link, to peer: PeerID,
        into actions: inout [DeviceAction]
    ) -> Bool? {
        var stream = session.outbox[0]
        var header = FrameHeader(type: MessageType.result.rawValue)
        header.session = session.id
        header.request = stream.request
        header.flags = stream.isDuplicate ? [.response, .duplicate] : .response
        guard stream.chunk < job.chunks.count else {
            header.type = MessageType.done.rawValue
            header.flags.insert(.final)
            actions += link.framing.frames(header, payload: job.done[...])
                .map { .transmit($0, to: peer) }
            return true
        }
        let chunk = job.chunks[stream.chunk]
        let size = link.framing.limits.framePayload
        let count = max(1, (chunk.count + size - 1) / size)
        let start = stream.fragment * size
        let payload = chunk[start..<min(start + size, chunk.count)]
        guard session.creditUsed + UInt64(payload.count) <= session.creditGranted else {
            return nil
        }
        session.creditUsed += UInt64(payload.count)
        header.channel = .data
        let frame = link.framing.frame(
            header, fragment: stream.fragment, of: count, total: chunk.count, payload)
        actions.append(.transmit(frame, to: peer))
        stream.fragment += 1
        if stream.fragment == count {
            stream.fragment = 0
            stream.chunk += 1
        }
        session.outbox[0] = stream
        return false
    }
}
