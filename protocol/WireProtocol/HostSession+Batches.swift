public import Substrate

extension HostSession {
    /// Sends what may be sent: batches in the order of their submission, as long as slots are free.
    mutating func pump(now: Duration) -> [HostAction] {
        guard isReady else { return [] }
        // Those that have waited long enough need no time-out any more, be their slot free or not.
        for index in pending.indices {
            if case .queued(let notBefore) = pending[index].state, notBefore <= now {
                pending[index].state = .queued(notBefore: .zero)
            }
        }
        if isDeviceLeaving {
            guard pending.allSatisfy({ $0.request == nil }) else { return [] }
            return dropLink(
                DeviceError(.unavailable, "the device is shutting down"), now: now)
        }
        guard pending.contains(where: { Self.isDue($0, now) }) else { return [] }
        var (isHeld, actions) = ensureLease(now: now)
        guard isHeld else { return actions }
        actions += acknowledge(now: now)
        var index = 0
        while index < pending.count {
            guard Self.isDue(pending[index], now) else {
                index += 1
                continue
            }
            guard let slot = slot(for: pending[index]) else { break }
            pending[index].slot = slot
            if let error = sizeError(pending[index]) {
                actions.append(.fail(error, batch: pending.remove(at: index).batch.id))
                continue
            }
            actions += transmit(at: index, now: now)
            index += 1
        }
        return actions
    }

    /// The slot of inputs that were sent ahead, where these are the batch's; else a free one.
    ///
    /// Inputs ahead of their batch keep a slot only as long as no other batch needs it.
    private mutating func slot(for batch: PendingBatch) -> Int? {
        if let staged, staged.batch == batch.batch.id {
            // Where the batch took the payload over, this compares addresses.
            if staged.payload[4...] == batch.stage[4...] { return staged.slot }
            self.staged = nil
        }
        if let slot = freeSlot { return slot }
        defer { staged = nil }
        return staged?.slot
    }

    /// A slot without inputs whose last batch has its final response.
    private var freeSlot: Int? {
        let taken = requests.values.compactMap {
            if case .execute(_, let slot) = $0.purpose { slot } else { nil }
        }
        return (0..<agreed.slots).first { !taken.contains($0) && staged?.slot != $0 }
    }

    /// Sends the inputs of a batch that will be submitted later, if that can do no harm: the lease is held, the chip is
    /// configured for it, and a slot is free.
    public mutating func expect(_ expected: ExpectedInputs, now: Duration) -> [HostAction] {
        let (batch, inputs, configuration) = (expected.batch, expected.inputs, expected.configuration)
        let block = SpikeBlock(unitCount: configuration.inputCount, window: configuration.window)
        staged = nil
        guard isReady, !isDeviceLeaving, countsOnLease(now: now), let slot = freeSlot,
            configuration.flaw == nil, chip.configurationHash == encode(configuration).hash,
            WireKernels.firstBadEvent(
                inputs.events, ends: inputs.ends, unitCount: block.unitCount, window: block.window) == nil
        else { return [] }
        let payload = StagePayload(slot: slot, inputs: inputs).encoded(block: block)
        guard payload.count <= agreed.message else { return [] }
        let actions = request(.stage, .preparation(batch: batch), payload: payload, now: now)
        staged = StagedInputs(
            batch: batch, inputs: inputs, block: block, payload: payload, slot: slot,
            frameBytes: Self.frameBytes(actions))
        return actions
    }

    private static func frameBytes(_ actions: [HostAction]) -> Int {
        actions.reduce(0) {
            if case .transmit(let frame) = $1 { $0 + frame.count } else { $0 }
        }
    }

    /// Whether a batch is to be sent or fetched now; one that was given up only waits for the answer to CANCEL.
    private static func isDue(_ batch: PendingBatch, _ now: Duration) -> Bool {
        guard !batch.cancelRequested else { return false }
        return switch batch.state {
        case .queued(let notBefore): now >= notBefore
        case .held: true
        case .sent: false
        }
    }

    /// Sends what the device lacks of a batch, and EXECUTE, back to back.
    private mutating func transmit(at index: Int, now: Duration) -> [HostAction] {
        var batch = pending[index]
        let isHeld = batch.state == .held
        batch.isFetch = isHeld
        var actions: [HostAction] = []
        batch.firstFailure = nil
        if !isHeld {
            batch.shape.chunkEntries = min(
                batch.shape.chunkEntries, chunkEntries(of: batch.batch, slicesOf: batch.sliceLength))
            actions += transmitConfiguration(of: batch, now: now)
            actions += transmitWeights(of: &batch, now: now)
            if let staged, staged.batch == batch.batch.id {
                batch.report.bytesOut += staged.frameBytes
                self.staged = nil
            } else {
                var stage = batch.stage
                stage.store(littleEndian: UInt32(batch.slot), at: 0)
                actions += request(
                    .stage, .preparation(batch: batch.batch.id), payload: stage, now: now)
            }
            batch.attempt += 1
        }
        var execute = PBExecute()
        execute.batch = batch.batch.id
        execute.attempt = batch.attempt
        if !isHeld { execute.slot = UInt32(batch.slot) }
        execute.configurationHash = .init(batch.configurationHash)
        execute.epoch = chip.epoch
        execute.imageCrc = batch.imageChecksum
        execute.observables.spikes = batch.batch.observables.spikes
        execute.observables.firstMembrane = UInt32(batch.batch.observables.firstMembrane)
        execute.observables.membraneCount = UInt32(batch.batch.observables.membranes.count)
        if let reference = batch.batch.observables.reference {
            execute.observables.reference = reference
        }
        execute.chunkEntries = UInt32(batch.shape.chunkEntries)
        execute.contentHash = .init(batch.contentHash)
        actions += request(
            .execute, .execute(batch: batch.batch.id, slot: batch.slot), payload: ControlCodec.encode(execute),
            now: now)
        batch.state = .sent(request: lastRequest)
        batch.wasSent = true
        if batch.firstRequest == nil { batch.firstRequest = lastRequest }
        batch.assembly = ResultAssembly(batch: batch.batch.id, shape: batch.shape)
        batch.progress = now
        batch.report.attempts = Int(batch.attempt)
        if batch.firstSent == nil { batch.firstSent = now }
        batch.report.bytesOut += Self.frameBytes(actions)
        pending[index] = batch
        return actions
    }

    private mutating func transmitConfiguration(
        of batch: PendingBatch, now: Duration
    ) -> [HostAction] {
        guard chip.configurationHash != batch.configurationHash else { return [] }
        chip = ChipKnowledge(configurationHash: batch.configurationHash, epoch: chip.epoch)
        return request(
            .configure, .preparation(batch: batch.batch.id), payload: batch.configuration, now: now)
    }

    private mutating func transmitWeights(
        of batch: inout PendingBatch, now: Duration
    ) -> [HostAction] {
        let image = batch.batch.synapses.codes
        if let known = chip.image, chip.imageChecksum == batch.imageChecksum, known == image {
            return []
        }
        let epoch = chip.epoch &+ 1
        let block = WeightBlock(
            image: image, imageChecksum: batch.imageChecksum, epoch: epoch,
            base: chip.image.map { ($0, chip.epoch) })
        batch.report.fullWeights = batch.report.fullWeights || block.encoding == .full
        chip.epoch = epoch
        chip.image = image
        chip.imageChecksum = batch.imageChecksum
        var commit = PBCommit()
        commit.epoch = epoch
        commit.imageCrc = batch.imageChecksum
        let id = batch.batch.id
        return request(.weights, .weights(batch: id), payload: block.encoded(), now: now)
            + request(
                .commit, .weights(batch: id), payload: ControlCodec.encode(commit), now: now)
    }

    /// Why a batch cannot travel within the limits, if it cannot.
    private func sizeError(_ batch: PendingBatch) -> DeviceError? {
        let weights = WeightBlock.headByteCount + batch.batch.synapses.codes.count
        guard max(batch.stage.count, weights) <= agreed.message else {
            return DeviceError(
                .invalidRequest,
                "batch \(batch.batch.id) needs a message of \(max(batch.stage.count, weights)) "
                    + "bytes, the device takes \(agreed.message)",
                remedy: "Use smaller batches.")
        }
        guard batch.configuration.count <= agreed.controlPayload else {
            return DeviceError(
                .invalidRequest,
                "the configuration takes \(batch.configuration.count) bytes, the device takes "
                    + "\(agreed.controlPayload)", remedy: "Use fewer populations.")
        }
        return nil
    }

    /// Tells the device which results it may forget.
    mutating func acknowledge(now: Duration) -> [HostAction] {
        var through = delivered.through
        for batch in pending {
            if let first = batch.firstRequest { through = min(through, first - 1) }
        }
        guard through > delivered.acknowledged else { return [] }
        delivered.acknowledged = through
        var ack = PBAck()
        ack.throughRequest = through
        return notify(.ack, payload: ControlCodec.encode(ack), now: now)
    }

    mutating func sendCancel(_ batch: UInt64, now: Duration) -> [HostAction] {
        var cancel = PBCancel()
        cancel.batch = batch
        return request(
            .cancel, .cancel(batch: batch), payload: ControlCodec.encode(cancel), now: now)
    }

    /// Fails the batches that have seen no progress for too long.
    mutating func expireBatches(now: Duration) -> [HostAction] {
        var actions: [HostAction] = []
        for batch in pending {
            guard let request = batch.request, now >= batch.progress + configuration.batchDeadline else { continue }
            pending.removeAll { $0.batch.id == batch.batch.id }
            givenUp[request] = now + configuration.silenceLimit
            actions += sendCancel(batch.batch.id, now: now)
            actions.append(
                .fail(
                    DeviceError(
                        .deviceFault,
                        "batch \(batch.batch.id) made no progress for "
                            + "\(configuration.batchDeadline)"), batch: batch.batch.id))
        }
        return actions
    }
}
