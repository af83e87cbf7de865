import Substrate
import WireProtocol

/// STAGE and its spike block: sections 7.1 and 7.2.
enum StageCases {
    static let all = slots + blocks + limits

    private static func stage(
        _ id: String, _ title: String, _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .batches, body: body)
    }

    private static let slots: [ConformanceCase] = [
        stage("STG-001/empty-slot", "EXECUTE that names an empty slot is INVALID") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.refusal(of: client.execute(batch), MessageType.execute.rawValue, [.invalid])
        },
        stage("STG-001/execute-empties-it", "EXECUTE empties its slot") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            let next = DeviceBatch(
                id: 2, configuration: batch.configuration, synapses: batch.synapses, inputs: batch.inputs,
                observables: batch.observables)
            try client.refusal(of: client.execute(next), MessageType.execute.rawValue, [.invalid])
        },
        stage("STG-001/last-block-counts", "A slot holds the last block that was staged into it") { context in
            let batch = context.batch(1, entries: 3)
            let client = try context.armed(for: batch)
            try client.stage(context.batch(2, entries: 1))
            try client.run(batch)
        },
        stage("STG-001/refused-execute-keeps-it", "EXECUTE that is refused leaves its slot filled") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.stage(batch)
            for _ in 0..<10 {
                try client.refusal(
                    of: client.execute(batch, edit: { $0.set(5, .varint(9)) }), MessageType.execute.rawValue,
                    [.epochMismatch])
            }
            _ = try client.result(of: client.execute(batch), batch)
        },
        stage("STG-001/repeated-execute-empties-it", "EXECUTE that asks for a batch again empties its slot, too") {
            context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            try client.stage(batch)
            _ = try client.result(of: client.execute(batch), batch)
            var next = batch
            next.id = 2
            try client.refusal(of: client.execute(next), MessageType.execute.rawValue, [.invalid])
        },
        stage("STG-001/repeated-without-a-slot-keeps-it", "EXECUTE that names no slot empties none") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            var next = batch
            next.id = 2
            try client.stage(next)
            _ = try client.result(of: client.execute(batch, slot: nil), batch)
            _ = try client.result(of: client.execute(next), next)
        },
        stage("STG-001/refused-stage-keeps-it", "STAGE that is refused leaves the slot as it was") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.stage(batch)
            var payload = ControlPayload.stage(batch, slot: 0)
            payload.removeLast()
            try client.refused(.stage, payload, [.malformed])
            _ = try client.result(of: client.execute(batch), batch)
        },
        stage("STG-001/every-slot", "Every slot that HELLO agreed on can be used") { context in
            let client = try context.leased()
            let batches = (0..<min(4, client.agreed.slots)).map { context.batch(UInt64($0 + 1)) }
            try client.arm(batches[0])
            for (slot, batch) in batches.enumerated() { try client.stage(batch, slot: slot) }
            for (slot, batch) in batches.enumerated() {
                _ = try client.result(of: client.execute(batch, slot: slot), batch)
            }
        },
        stage("STG-001/slots-are-the-session's", "Slots belong to the session: another one's is empty") { context in
            let batch = context.batch()
            let first = try context.armed(for: batch)
            try first.stage(batch)
            try first.ok(.release)
            let second = try context.leased()
            second.chip = first.chip
            try second.refusal(of: second.execute(batch), MessageType.execute.rawValue, [.invalid])
        },
        stage("STG-001/slot-beyond", "STAGE into a slot that is not there is refused with TOO_LARGE") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            for slot in [client.agreed.slots, client.agreed.slots + 1, Int(UInt32.max)] {
                try client.refused(.stage, ControlPayload.stage(batch, slot: slot), [.tooLarge])
            }
        },
        stage(
            "STG-001/needs-a-configuration", "STAGE for other inputs than the configuration's is refused with MALFORMED"
        ) { context in
            let batch = context.batch()
            let client = try context.leased()
            try client.configure(context.network(inputs: 3))
            try client.refused(.stage, ControlPayload.stage(batch, slot: 0), [.malformed])
        },
    ]

    private static let blockChanges: [(String, WireStatus, @Sendable (inout [UInt8]) -> Void)] = [
        ("BLK-001/stage-reserved", .reservedNonzero, { $0[4] = 1 }),
        ("BLK-001/stage-empty", .malformed, { $0 = [] }),
        ("BLK-001/stage-head-cut", .malformed, { $0.removeLast($0.count - 39) }),
        ("BLK-001/spikes-encoding-0", .malformed, { $0[8] = 0 }),
        ("BLK-001/spikes-encoding-2", .malformed, { $0[8] = 2 }),
        ("BLK-001/spikes-reserved-2", .reservedNonzero, { $0[10] = 1 }),
        ("BLK-001/spikes-reserved-24", .reservedNonzero, { $0[32] = 1 }),
        ("BLK-001/spikes-reserved-31", .reservedNonzero, { $0[39] = 0x80 }),
        ("BLK-001/spikes-tick", .malformed, { $0[16] ^= 1 }),
        ("SPK-001/ends-decrease", .malformed, { $0.store(littleEndian: UInt32(25), at: 40) }),
        ("SPK-001/last-end-too-low", .malformed, { $0.store(littleEndian: UInt32(23), at: 44) }),
        ("SPK-001/last-end-too-high", .malformed, { $0.store(littleEndian: UInt32(25), at: 44) }),
        ("SPK-001/end-largest", .malformed, { $0.store(littleEndian: UInt32.max, at: 40) }),
        ("SPK-002/tick-order", .malformed, { $0.store(littleEndian: UInt16(1_900), at: 48) }),
        ("SPK-002/unit-order", .malformed, { $0.swapAt(50, 54) }),
        ("SPK-002/twice", .malformed, { $0.replaceSubrange(52..<56, with: $0[48..<52]) }),
        ("SPK-002/tick-at-window", .malformed, { $0.replaceSubrange($0.count - 4..<$0.count - 2, with: $0[20..<22]) }),
        ("SPK-002/unit-at-count", .malformed, { $0[$0.count - 2] = 4 }),
        ("SPK-003/units-fewer", .malformed, { $0[12] -= 1 }),
        ("SPK-003/units-more", .malformed, { $0[12] += 1 }),
        ("SPK-003/window-shorter", .malformed, { $0[20] -= 1 }),
        ("SPK-003/window-longer", .malformed, { $0[20] += 1 }),
        ("SPK-004/cut-in-ends", .malformed, { $0.removeLast($0.count - 43) }),
        ("SPK-004/cut-in-events", .malformed, { $0.removeLast(3) }),
        ("SPK-004/one-byte-more", .malformed, { $0.append(0) }),
        ("SPK-004/one-event-more", .malformed, { $0 += [0xFF, 7, 3, 0] }),
        ("SPK-004/events-stated-more", .malformed, { $0[28] += 1 }),
        ("SPK-004/events-stated-largest", .malformed, { $0.replaceSubrange(28..<32, with: [255, 255, 255, 255]) }),
    ]

    /// Offsets are within the payload of STAGE; its spike block begins at 8, its two ends at 40, its events at 48.
    private static let blocks: [ConformanceCase] =
        blockChanges.map { id, status, change in
            stage(id, "A block of inputs that breaks its layout is refused with \(status) as a whole") { context in
                let batch = context.orderedBatch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                var payload = ControlPayload.stage(batch, slot: 0)
                change(&payload)
                try client.refused(.stage, payload, [status])
                // As a whole: what was in the slot is still there, to the last event.
                _ = try client.result(of: client.execute(batch), batch)
            }
        }

    private static let limits: [ConformanceCase] = [
        stage("BLK-001/spikes-too-many-entries", "More entries than the device takes are refused with TOO_LARGE") {
            context in
            let most = context.claims.geometry.maximumEntriesPerBatch
            guard most < 1_000_000 else { throw CaseStop.skipped("the device takes \(most) entries") }
            let batch = context.batch(entries: 0)
            let client = try context.armed(for: batch)
            var many = batch
            many.inputs = SpikeTrains(ends: Array(repeating: 0, count: most + 1), events: [])
            try client.refused(.stage, ControlPayload.stage(many, slot: 0), [.tooLarge])
        },
        stage(
            "BLK-001/spikes-entries-largest",
            "A count of 2^32 - 1 entries is refused with TOO_LARGE, or MALFORMED since they are not there"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            var payload = ControlPayload.stage(batch, slot: 0)
            payload.replaceSubrange(24..<28, with: [255, 255, 255, 255])
            try client.refused(.stage, payload, [.tooLarge, .malformed])
        },
        stage("SPK-002/bounds-are-taken", "The first and the last tick, and the first and the last unit, are taken") {
            context in
            let network = context.network()
            var inputs = SpikeTrains()
            let ticks = [0, UInt16(network.window - 1)]
            inputs.append(ticks.flatMap { tick in [SpikeEvent(tick: tick, unit: 0), SpikeEvent(tick: tick, unit: 3)] })
            let batch = DeviceBatch(
                id: 1, configuration: network, synapses: SynapseMatrix(codes: context.image(of: network)),
                inputs: inputs,
                observables: Observables(spikes: true, membranes: 0..<5))
            try context.armed(for: batch).run(batch)
        },
        stage(
            "SPK-001/empty-entries", "Entries without events are taken, at the beginning, in the middle and at the end"
        ) { context in
            let network = context.network()
            var inputs = SpikeTrains()
            for count in [0, 2, 0, 0, 1, 0] {
                inputs.append((0..<count).map { SpikeEvent(tick: UInt16(10 * $0), unit: 1) })
            }
            let batch = DeviceBatch(
                id: 1, configuration: network, synapses: SynapseMatrix(codes: context.image(of: network)),
                inputs: inputs,
                observables: Observables(spikes: true, membranes: 0..<5))
            try context.armed(for: batch).run(batch, chunkEntries: 6)
        },
    ]
}

extension CaseContext {
    /// A batch of two entries with twelve events each, at ticks that are known: 3 of each input, 100 ticks apart.
    func orderedBatch() -> DeviceBatch {
        var batch = self.batch()
        batch.inputs = SpikeTrains()
        for _ in 0..<2 {
            batch.inputs.append(
                (0..<3).flatMap { step in (0..<4).map { SpikeEvent(tick: UInt16(100 * step), unit: UInt16($0)) } })
        }
        return batch
    }
}
