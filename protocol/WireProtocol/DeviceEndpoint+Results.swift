public import Substrate

extension DeviceEndpoint {
    /// The shell's job has run some entries; they are sent, as far as the credit reaches, while it runs the next ones.
    ///
    /// Traps if no such job is out.
    public mutating func advance(_ job: JobKey, slice: RecordingSlice, now: Duration) -> [DeviceAction] {
        _ = indexOfOut(job)
        var actions = expire(now: now)
        guard let index = jobs.firstIndex(where: { $0.key == job && $0.state == .out }) else {
            return counted(actions)
        }
        let shape = jobs[index].shape
        let chunk = jobs[index].chunks.count
        if let flaw = Self.flaw(of: slice, chunk: chunk, batch: job.batch, shape: shape) {
            return counted(actions + abandon(at: index, DeviceError(.deviceFault, flaw)))
        }
        let payload = ResultChunk.encode(slice, of: job.batch, chunk: chunk, shape: shape)
        let limit = limits(of: sessions[jobs[index].session]?.peer).message
        guard payload.count <= limit else {
            let error = DeviceError(
                .invalidRequest,
                "a chunk of the result has \(payload.count) bytes, the limit is \(limit)",
                remedy: "Ask for smaller chunks.")
            return counted(actions + abandon(at: index, error))
        }
        jobs[index].chunks.append(payload)
        actions += pumpResults(session: jobs[index].session)
        return counted(actions)
    }

    /// The shell's job has ended; answers exactly one `.execute`.
    ///
    /// Traps if no such job is out.
    public mutating func complete(
        _ job: JobKey, result: Result<RecordingTotals, DeviceError>, now: Duration
    ) -> [DeviceAction] {
        _ = indexOfOut(job)
        var actions = expire(now: now)
        // What its session's end would have cancelled has ended by itself.
        actions.removeAll { if case .cancel(job) = $0 { true } else { false } }
        actions += settle(job, result)
        actions += startNext()
        return counted(actions)
    }

    /// Where a job that is out stands.
    private func indexOfOut(_ job: JobKey) -> Int {
        guard let index = jobs.firstIndex(where: { $0.key == job }) else {
            preconditionFailure("job \(job.ticket) has moved on, but it is not out")
        }
        precondition(
            jobs[index].state == .out || jobs[index].state == .abandoned,
            "job \(job.ticket) has moved on after its end")
        return index
    }

    private mutating func settle(
        _ key: JobKey, _ result: Result<RecordingTotals, DeviceError>
    ) -> [DeviceAction] {
        guard let index = jobs.firstIndex(where: { $0.key == key }) else { return [] }
        guard jobs[index].state == .out else {
            jobs.remove(at: index)
            return []
        }
        switch result {
        case .failure(let error): return fail(at: index, error)
        case .success(let totals):
            guard totals.accounting.balances else {
                return fail(
                    at: index,
                    DeviceError(
                        .deviceFault,
                        "the chip's event accounting of batch \(key.batch) does not balance"))
            }
            guard totals.batch == key.batch, jobs[index].chunks.count == jobs[index].shape.chunkCount else {
                return fail(
                    at: index,
                    DeviceError(
                        .deviceFault, "the chip ended batch \(key.batch) before its last entry"))
            }
            return keep(totals, at: index)
        }
    }

    /// Ends the job that is out with an error, before the shell has ended it.
    private mutating func abandon(at index: Int, _ error: DeviceError) -> [DeviceAction] {
        let ticket = jobs[index].key.ticket
        let refusal = refusal(of: jobs[index], error)
        return forgetJobs { $0.key.ticket == ticket } + refusal
    }

    private mutating func fail(at index: Int, _ error: DeviceError) -> [DeviceAction] {
        refusal(of: jobs.remove(at: index), error)
    }

    /// Tells whoever waits for a job why there is no result.
    private mutating func refusal(of job: Job, _ error: DeviceError) -> [DeviceAction] {
        counters.jobsFailed += 1
        var fault = PBFault()
        fault.detail = error.detail.cut(toBytes: Self.longestDetail)
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
        return endWaiting(for: job.key.ticket, status, fault)
    }

    /// Ends a result, which is kept until it is acknowledged, and sends what has not been sent of it.
    private mutating func keep(_ totals: RecordingTotals, at index: Int) -> [DeviceAction] {
        let job = jobs[index]
        var checksums: [UInt8] = []
        for chunk in job.chunks { checksums.append(littleEndian: chunk.checksum) }
        var done = PBDone()
        done.batch = job.key.batch
        done.attempt = job.key.attempt
        done.entries = UInt32(job.shape.entryCount)
        done.chunks = UInt32(job.chunks.count)
        done.chunkCrc = CRC32C.checksum(checksums[...])
        done.costs = .init(CostsBlock.encode(totals.accounting, totals.execution))
        done.configurationHash = .init(job.configurationHash)
        done.imageCrc = job.imageChecksum
        done.contentHash = .init(job.contentHash)
        if let temperature = totals.temperature { done.temperature = temperature }
        jobs[index].state = .done
        jobs[index].batch = nil
        jobs[index].done = ControlCodec.encode(done)
        counters.jobsExecuted += 1
        counters.entriesExecuted += UInt64(job.shape.entryCount)
        counters.accounting += totals.accounting
        counters.execution += totals.execution
        counters.temperature = totals.temperature
        return pumpResults(session: job.session)
    }

    /// What in a slice is not what the batch asks for.
    private static func flaw(
        of slice: RecordingSlice, chunk: Int, batch: UInt64, shape: ResultShape
    ) -> String? {
        let codes = shape.codesPerEntry * slice.validity.count
        let hasCodes = shape.observables.membranes.isEmpty || slice.membranes?.codes.count == codes
        guard chunk < shape.chunkCount, slice.entries == shape.entries(ofChunk: chunk), hasCodes,
            !shape.observables.spikes || slice.spikes.entryCount == slice.validity.count
        else { return "the chip answered batch \(batch) with a recording of another shape" }
        if shape.observables.spikes,
            let index = WireKernels.firstBadEvent(
                slice.spikes.events, ends: slice.spikes.ends, unitCount: shape.neuronCount,
                window: shape.window)
        {
            return "spike \(index) of batch \(batch) from entry \(slice.firstEntry) on is out of order "
                + "or out of range"
        }
        return nil
    }

    /// Sends results of a session as far as they are known and its credit reaches.
    mutating func pumpResults(session id: UInt64) -> [DeviceAction] {
        guard var session = sessions[id], let peer = session.peer, var link = links[peer] else {
            return []
        }
        var frames: [[UInt8]] = []
        while true {
            if let begun = session.begun {
                guard let frame = Self.goOn(with: begun, &session, &link) else { break }
                frames.append(frame)
            } else if let (place, index) = nextToSend(of: session) {
                guard let frame = Self.begin(of: &jobs[index], streamAt: place, &session, &link) else { break }
                frames.append(frame)
            } else {
                break
            }
        }
        sessions[id] = session
        links[peer] = link
        return frames.map { .transmit($0, to: peer) }
    }

    /// The first stream with something to send, and its job.
    private func nextToSend(of session: Session) -> (stream: Int, job: Int)? {
        for (place, stream) in session.outbox.enumerated() {
            guard let index = jobs.firstIndex(where: { $0.key.ticket == stream.ticket }),
                stream.chunk < jobs[index].chunks.count || jobs[index].state == .done
            else { continue }
            return (place, index)
        }
        return nil
    }

    /// The first frame of a stream's next message; `nil` where credit is short. DONE ends the stream.
    private static func begin(
        of job: inout Job, streamAt place: Int, _ session: inout Session, _ link: inout Link
    ) -> [UInt8]? {
        let stream = session.outbox[place]
        var header = FrameHeader(type: MessageType.result.rawValue)
        header.session = session.id
        header.request = stream.request
        header.flags = stream.isDuplicate ? [.response, .duplicate] : .response
        guard stream.chunk < job.chunks.count else {
            header.type = MessageType.done.rawValue
            header.flags.insert(.final)
            session.outbox.remove(at: place)
            // One frame: far below the smallest limit.
            return link.framing.frames(header, payload: job.done[...])[0]
        }
        let total = job.chunks[stream.chunk].count
        header.channel = .data
        if total > link.framing.limits.framePayload {
            let begun = BegunChunk(header: header, payload: job.chunks[stream.chunk].payload)
            guard let frame = goOn(with: begun, &session, &link) else { return nil }
            session.outbox[place].chunk += 1
            return frame
        }
        guard session.creditUsed + UInt64(total) <= session.creditGranted else { return nil }
        session.creditUsed += UInt64(total)
        session.outbox[place].chunk += 1
        return link.framing.frame(header, whole: &job.chunks[stream.chunk])
    }

    /// The next frame of a chunk in several; `nil` where credit is short.
    private static func goOn(with begun: BegunChunk, _ session: inout Session, _ link: inout Link) -> [UInt8]? {
        let size = link.framing.limits.framePayload
        let total = begun.payload.count
        let count = (total + size - 1) / size
        let start = begun.fragment * size
        let length = min(size, total - start)
        guard session.creditUsed + UInt64(length) <= session.creditGranted else { return nil }
        session.creditUsed += UInt64(length)
        let first = begun.payload.startIndex + start
        let frame = link.framing.frame(
            begun.header, fragment: begun.fragment, of: count, total: total, begun.payload[first..<first + length])
        session.begun = begun
        session.begun?.fragment += 1
        if begun.fragment + 1 == count { session.begun = nil }
        return frame
    }
}
