package import Substrate
package import WireProtocol

/// What a device answered to EXECUTE, held against the rules for results.
package struct BatchAnswer: Sendable {
    /// `ExecuteReply`.
    package var reply: ProtobufFields
    /// The chunks.
    package var chunks: [DeviceMessage]
    /// DONE.
    package var done: DeviceMessage
    /// `Done`.
    package var summary: ProtobufFields
    /// What was recorded.
    package var recording: Recording
    /// Whether it comes from a kept result.
    package var isDuplicate: Bool { done.header.flags.contains(.duplicate) }
    /// The payloads of the chunks.
    package var bytes: [[UInt8]] { chunks.map(\.payload) }
}

extension RawClient {
    /// CONFIGURE.
    package func configure(_ network: ChipConfiguration) throws {
        let payload = ControlPayload.configure(network).encoded()
        let reply = try ok(.configure, payload).fields()
        let hash = ContentHash.configuration(payload)
        try context.require(
            reply.bytes(1) == hash, "CONFIGURE was answered with another hash than the payload's (CFG-001)")
        if hash != chip.configurationHash { chip = WrittenChip(configurationHash: hash) }
    }

    /// WEIGHTS (all codes) and COMMIT.
    package func write(_ image: [Int8], epoch: UInt32) throws {
        try ok(.weights, ControlPayload.fullWeights(image, epoch: epoch))
        try commit(image, epoch: epoch)
    }

    /// COMMIT of what WEIGHTS brought.
    package func commit(_ image: [Int8], epoch: UInt32) throws {
        let checksum = CRC32C.checksum(image: image)
        let reply = try ok(.commit, ControlPayload.commit(epoch: epoch, imageChecksum: checksum).encoded()).fields()
        try context.require(
            reply.number(1) == UInt64(epoch) && reply.number(2) == UInt64(checksum),
            "COMMIT was answered with epoch \(reply.number(1)) and CRC \(reply.number(2)), not those that were asked for"
        )
        chip.epoch = epoch
        chip.image = image
    }

    /// Writes all that a batch needs but its inputs.
    package func arm(_ batch: DeviceBatch, epoch: UInt32 = 1) throws {
        try configure(batch.configuration)
        try write(batch.synapses.codes, epoch: epoch)
    }

    /// STAGE.
    package func stage(_ batch: DeviceBatch, slot: Int = 0) throws {
        try ok(.stage, ControlPayload.stage(batch, slot: slot))
    }

    /// Sends EXECUTE and returns its number; `edit` changes the message.
    @discardableResult package func execute(
        _ batch: DeviceBatch, slot: Int? = 0, attempt: Int = 1, chunkEntries: Int = 1,
        edit: (inout ProtobufFields) -> Void = { _ in }
    ) -> UInt64 {
        var fields = ControlPayload.execute(
            batch, on: chip, slot: slot, attempt: attempt, chunkEntries: chunkEntries)
        edit(&fields)
        return send(.execute, fields.encoded())
    }

    /// STAGE, EXECUTE, and the result.
    @discardableResult package func run(_ batch: DeviceBatch, chunkEntries: Int = 1) throws -> BatchAnswer {
        try stage(batch)
        return try result(of: execute(batch, chunkEntries: chunkEntries), batch, chunkEntries: chunkEntries)
    }

    /// Waits until LIST says that a batch is done, whatever is sent of it.
    ///
    /// - Throws: `CaseStop.undecided` where that takes more than 20 s.
    package func awaitDone(_ batch: DeviceBatch) throws {
        let deadline = context.now + .seconds(20)
        while context.now < deadline {
            let held = try ok(.list).fields().messages(1)
            if held.contains(where: { $0.number(1) == batch.id && $0.number(2) == 3 }) { return }
            context.target.sleep(for: .milliseconds(5))
        }
        throw CaseStop.undecided("batch \(batch.id) was not done within 20 s")
    }

    /// The result of an EXECUTE that was sent, every chunk of it checked (RES-001, RES-002, CST-001, SPK-001 to SPK-003).
    ///
    /// - Throws: `CaseStop.failed` with the requirement that the device broke.
    package func result(
        of request: UInt64, _ batch: DeviceBatch, chunkEntries: Int = 1, within limit: Duration = .seconds(20)
    ) throws -> BatchAnswer {
        let first = try response(to: request, within: limit)
        try check(first, is: .execute)
        let reply = try first.fields()
        try context.require(reply.number(1) == batch.id, "ExecuteReply names batch \(reply.number(1)), not \(batch.id)")
        var chunks: [DeviceMessage] = []
        let shape = ResultShape(batch, chunkEntries: max(1, chunkEntries))
        var assembly = ResultAssembly(batch: batch.id, shape: shape)
        var slices: [RecordingSlice] = []
        while true {
            let message = try response(to: request, within: limit)
            if message.type == .result {
                try context.require(
                    !message.isFinal && message.header.status == .ok,
                    "RESULT has flags \(message.header.flags.rawValue)")
                try context.require(!assembly.isComplete, "there are more than \(shape.chunkCount) chunks (RES-001)")
                do {
                    slices.append(
                        try assembly.append(
                            message.payload[...], checksum: CRC32C.checksum(message.payload[...])))
                } catch {
                    throw CaseStop.failed(
                        "chunk \(chunks.count) of batch \(batch.id) is wrong: \(error) (RES-001, SPK-004)")
                }
                chunks.append(message)
                continue
            }
            try context.require(
                message.header.status == .ok,
                "batch \(batch.id) ended with \(message.name): \((try? message.fields().text(1)) ?? "")")
            try context.require(
                message.type == .done && message.isFinal, "\(message.name) came where DONE was due (section 5)")
            return try finish(message, reply, chunks, assembly, slices, batch, shape)
        }
    }

    /// Holds DONE against the chunks and the batch.
    private func finish(
        _ message: DeviceMessage, _ reply: ProtobufFields, _ chunks: [DeviceMessage], _ assembly: ResultAssembly,
        _ slices: [RecordingSlice], _ batch: DeviceBatch, _ shape: ResultShape
    ) throws -> BatchAnswer {
        let done = try message.fields()
        let number = "DONE of batch \(batch.id)"
        try context.require(done.number(1) == batch.id, "\(number) names batch \(done.number(1)) (RES-002)")
        try context.require(
            assembly.isComplete, "\(number) came after \(chunks.count) of \(shape.chunkCount) chunks (RES-001)")
        try context.require(
            done.number(4) == UInt64(chunks.count),
            "\(number) counts \(done.number(4)) of \(chunks.count) chunks (RES-002)")
        try context.require(
            done.number(3) == UInt64(shape.entryCount),
            "\(number) counts \(done.number(3)) of \(shape.entryCount) entries (RES-002)")
        try context.require(
            done.number(5) == UInt64(assembly.checksum),
            "\(number) states another checksum than that of the chunks (RES-002)")
        try context.require(done.bytes(7) == chip.configurationHash, "\(number) states another configuration (RES-002)")
        try context.require(done.number(8) == UInt64(chip.imageChecksum), "\(number) states another image (RES-002)")
        try context.require(
            done.bytes(9) == ControlPayload.contentHash(of: batch, on: chip),
            "\(number) states another content (RES-002)")
        let costs: (accounting: EventAccounting, execution: ExecutionReport)
        do {
            costs = try CostsBlock.decode(done.bytes(6)[...])
        } catch {
            throw CaseStop.failed("the costs in \(number) are wrong: \(error) (section 7.5)")
        }
        try context.require(costs.accounting.balances, "the event accounting in \(number) does not balance (CST-001)")
        let recording = Recording(
            joining: slices,
            totals: RecordingTotals(
                batch: batch.id, accounting: costs.accounting, execution: costs.execution,
                temperature: done.double(10)))
        try context.require(
            recording.validity.allSatisfy { $0.rawValue < 16 },
            "an undefined bit of an entry's validity is set (BLK-001)")
        let duplicates = Set((chunks + [message]).map { $0.header.flags.contains(.duplicate) })
        try context.require(duplicates.count == 1, "DUPLICATE is set on some messages of a result only (section 10.5)")
        return BatchAnswer(reply: reply, chunks: chunks, done: message, summary: done, recording: recording)
    }
}
