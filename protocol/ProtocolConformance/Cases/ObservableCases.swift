import Substrate
import WireProtocol

/// What is recorded, and where every event went: sections 7.4, 7.5, OBS, CST, HLT.
enum ObservableCases {
    static let all = shapes + references + samples + accounting + health

    private static func observable(
        _ id: String, _ title: String, needs: [ConformanceCase.Need] = [],
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .observables, needs: needs, body: body)
    }

    private static let execute = MessageType.execute.rawValue

    private static let shapes: [ConformanceCase] =
        [
            ("spikes-only", true, 0..<0), ("membranes-only", false, 0..<5), ("both", true, 0..<5),
            ("neither", false, 0..<0),
            ("one-membrane", true, 2..<3), ("last-membrane", false, 4..<5), ("some-membranes", true, 1..<4),
        ].map { name, spikes, membranes in
            observable("RES-001/records-\(name)", "A result holds what was asked for and nothing else (\(name))") {
                context in
                let batch = context.batch(entries: 3, spikes: spikes, membranes: membranes)
                try context.armed(for: batch).run(batch, chunkEntries: 2)
            }
        } + [
            observable("RES-001/no-samples", "A configuration without samples gives spikes as ever") {
                context in
                let batch = context.batch(on: context.network(samples: 0), entries: 2, membranes: 0..<0)
                try context.armed(for: batch).run(batch)
            },
            observable("RES-001/readouts-fire-no-spikes", "Spikes come from spiking neurons only") { context in
                let network = context.network(readouts: 4)
                let batch = context.batch(on: network, entries: 4, events: 20)
                let spikes = try context.armed(for: batch).run(batch).recording.spikes
                let wrong = spikes.events.filter { $0.unit >= 3 }
                try context.require(wrong.isEmpty, "readout \(wrong.first?.unit ?? 0) fired")
            },
            observable(
                "CFG-003/neurons-in-order", "Columns are those of the neurons that were asked for", needs: [.emulator]
            ) { context in
                let whole = context.batch(1, entries: 3)
                let client = try context.armed(for: whole)
                let all = try client.run(whole).recording
                for neuron in 0..<5 {
                    client.send(.ack, ControlPayload.number(client.nextRequest - 1))
                    var part = whole
                    part.observables.membranes = neuron..<neuron + 1
                    let column = try client.run(part).recording
                    let expected = all.membranes?.codes.enumerated().filter { $0.offset % 5 == neuron }.map(\.element)
                    try context.require(
                        column.membranes?.codes == expected,
                        "neuron \(neuron) alone has other codes than as a column of all")
                }
            },
        ]
        + [
            ("first-beyond", 5, 1), ("one-too-many", 0, 6), ("far-beyond", 4_000_000_000, 1),
            ("sum-overflows", 4_294_967_295, 4_294_967_295),
        ].map { name, first, count in
            observable("CFG-002/membranes-\(name)", "Membranes that the network does not have are refused with INVALID")
            { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                let request = client.execute(
                    batch,
                    edit: { fields in
                        var observables = ProtobufFields()
                        observables.add(1, 1)
                        observables.add(2, first)
                        observables.add(3, count)
                        fields.set(7, .bytes(observables.encoded()))
                    })
                try client.refusal(of: request, execute, [.invalid])
                try client.settle()
            }
        }

    private static let references: [ConformanceCase] =
        [
            observable(
                "OBS-001/every-column-samples-it",
                "With a reference every column samples one voltage, and a higher one reads higher"
            ) { context in
                let network = context.network(readouts: 13)
                let client = try context.armed(for: context.batch(on: network))
                var means: [Double] = []
                for (number, voltage) in [60.0, 140.0].enumerated() {
                    let batch = context.batch(UInt64(number + 1), on: network, entries: 4, reference: voltage)
                    means.append(try client.run(batch).recording.meanCode)
                }
                try context.require(
                    abs(means[1] - means[0] - 80) < 16,
                    "80 LSB more of the reference read as \(means[1] - means[0]) LSB more")
            },
            observable(
                "OBS-001/neurons-run-as-ever", "With a reference neurons run as ever: the same spikes come",
                needs: [.emulator]
            ) { context in
                let plain = context.batch(1, entries: 4)
                let client = try context.armed(for: plain)
                let without = try client.run(plain).recording.spikes
                client.send(.ack, ControlPayload.number(client.nextRequest - 1))
                var with = plain
                with.observables.reference = 100
                try context.require(try client.run(with).recording.spikes == without, "the spikes are others")
            },
            observable("OBS-001/reference-is-content", "A reference is part of the content hash") { context in
                let batch = context.batch(1)
                let client = try context.armed(for: batch)
                try client.run(batch)
                var other = batch
                other.observables.reference = 0
                try client.stage(other)
                try client.refusal(of: client.execute(other), execute, [.duplicateMismatch])
            },
        ]
        + [("not-a-number", Double.nan), ("infinite", Double.infinity)].map { name, value in
            observable("OBS-001/reference-\(name)", "A reference that is no voltage is refused with INVALID") {
                context in
                var batch = context.batch()
                batch.observables.reference = value
                let client = try context.armed(for: batch)
                try client.stage(batch)
                try client.refusal(of: client.execute(batch), execute, [.invalid])
            }
        }

    private static let samples: [ConformanceCase] = [
        observable("OBS-002/codes-within-the-converter", "CADC codes are at most the highest that DESCRIBE states") {
            context in
            let batch = context.batch(entries: 6, events: 30)
            let codes = try context.armed(for: batch).run(batch).recording.membranes?.codes ?? []
            let most = codes.max() ?? 0
            try context.require(
                Int(most) <= context.claims.geometry.cadcMaximum,
                "a code of \(most) came, the highest is \(context.claims.geometry.cadcMaximum)")
        },
        observable(
            "OBS-002/first-sample-at-rest", "The first sample of an entry is at its start: inputs have not moved it yet"
        ) { context in
            let network = context.network(readouts: 13)
            let silent = context.batch(1, on: network, entries: 16, events: 0)
            let client = try context.armed(for: silent)
            let rest = try client.run(silent).recording.mean(ofSample: 0)
            var driven = context.batch(2, on: network, entries: 16, events: 0)
            driven.inputs = SpikeTrains()
            for _ in 0..<16 {
                driven.inputs.append(
                    (1...30).flatMap { step in (0..<4).map { SpikeEvent(tick: UInt16(10 * step), unit: UInt16($0)) } })
            }
            let recording = try client.run(driven).recording
            let first = recording.mean(ofSample: 0)
            try context.require(
                abs(first - rest) < 4, "sample 0 reads \(first) LSB with inputs and \(rest) LSB without")
        },
        observable("OBS-002/inputs-move-later-samples", "Inputs move the membranes by the time of later samples") {
            context in
            let network = context.network(spiking: 3, readouts: 0)
            var batch = context.batch(1, on: network, entries: 8, events: 0)
            batch.inputs = SpikeTrains()
            for _ in 0..<8 {
                batch.inputs.append(
                    (1...30).flatMap { step in (0..<4).map { SpikeEvent(tick: UInt16(10 * step), unit: UInt16($0)) } })
            }
            let recording = try context.armed(for: batch).run(batch).recording
            try context.require(
                recording.spikes.eventCount > 0 || recording.mean(ofSample: 1) > recording.mean(ofSample: 0) + 3,
                "strong inputs neither fire a neuron nor move its membrane (\(recording.mean(ofSample: 0)), then \(recording.mean(ofSample: 1)) LSB)"
            )
        },
        observable("OBS-002/entries-begin-alike", "An entry begins at rest whatever the one before it did") { context in
            let network = context.network(readouts: 13)
            var batch = context.batch(1, on: network, entries: 0)
            batch.inputs = SpikeTrains()
            for entry in 0..<16 {
                batch.inputs.append(
                    entry % 2 == 0
                        ? []
                        : (0..<120).flatMap { step in
                            (0..<4).map { SpikeEvent(tick: UInt16(5 + 16 * step), unit: UInt16($0)) }
                        })
            }
            let recording = try context.armed(for: batch).run(batch).recording
            let (before, after) = (
                recording.mean(ofSample: 0, entries: { $0 % 2 == 1 }),
                recording.mean(ofSample: 0, entries: { $0 % 2 == 0 && $0 > 0 })
            )
            try context.require(
                abs(before - after) < 4,
                "sample 0 reads \(after) LSB after a busy entry and \(before) LSB after a silent one")
        },
    ]

    private static let accounting: [ConformanceCase] = [
        observable("CST-001/offered", "Offered input events are those that were staged") { context in
            let batch = context.batch(entries: 5, events: 9)
            let counts = try context.armed(for: batch).run(batch).recording.accounting
            try context.require(
                counts.offered == UInt64(batch.inputs.eventCount),
                "\(counts.offered) events were offered, \(batch.inputs.eventCount) were staged")
        },
        observable("CST-001/delivered", "Delivered spikes are those in the result") { context in
            let batch = context.batch(entries: 5, events: 20)
            let recording = try context.armed(for: batch).run(batch).recording
            try context.require(
                recording.accounting.delivered == UInt64(recording.spikes.eventCount),
                "\(recording.accounting.delivered) spikes were delivered, the result holds \(recording.spikes.eventCount)"
            )
        },
        observable("CST-001/balances", "Offered events are accepted or dropped, produced ones delivered or dropped") {
            context in
            let batch = context.batch(entries: 8, events: 40)
            let counts = try context.armed(for: batch).run(batch).recording.accounting
            try context.require(counts.balances, "the counts do not balance")
        },
        observable("CST-001/silent", "A batch without events accounts for none") { context in
            let batch = context.batch(entries: 3, events: 0)
            let counts = try context.armed(for: batch).run(batch).recording.accounting
            try context.require(counts.offered == 0 && counts.accepted == 0, "\(counts.offered) events were offered")
        },
        observable("CST-001/flood", "Under a flood of events every one is accounted for") { context in
            let network = context.network(
                inputs: min(32, context.claims.geometry.inputChannels), spiking: 32, readouts: 0)
            var batch = context.batch(1, on: network, entries: 0)
            batch.inputs = SpikeTrains()
            let most = min(4_000, context.claims.geometry.maximumEventsPerEntry)
            for _ in 0..<2 {
                batch.inputs.append(
                    (0..<most).map {
                        SpikeEvent(tick: UInt16($0 / network.inputCount), unit: UInt16($0 % network.inputCount))
                    })
            }
            let counts = try context.armed(for: batch).run(batch).recording.accounting
            try context.require(
                counts.offered == UInt64(batch.inputs.eventCount),
                "\(counts.offered) of \(batch.inputs.eventCount) events were offered")
        },
        observable("CST-001/windows-take-time", "The chip's time in windows is that of the entries") { context in
            let batch = context.batch(entries: 8)
            let cost = try context.armed(for: batch).run(batch).recording.execution
            let due = 8 * Double(batch.configuration.window) * 8e-9
            try context.require(
                abs(cost.windowSeconds - due) < 0.01 * due, "windows took \(cost.windowSeconds) s, \(due) s were due")
        },
    ]

    private static let health: [ConformanceCase] = [
        observable("HLT-001/report", "REPORT is one message whose counters and costs can be read") { context in
            let health = try context.opened().health()
            let costs = health.bytes(15)
            if health.has(15) {
                do {
                    let read = try CostsBlock.decode(costs[...])
                    try context.require(read.accounting.balances, "the accounting of all batches does not balance")
                } catch let error as WireError {
                    throw CaseStop.failed("the costs in REPORT are wrong: \(error)")
                }
            }
            if let temperature = health.double(17) {
                try context.require(temperature.isFinite, "the temperature is no number")
            }
        },
        observable("HLT-001/counts-batches", "A batch counts once as executed, with its entries") { context in
            let batch = context.batch(entries: 7)
            let client = try context.armed(for: batch)
            let before = try client.health()
            try client.run(batch)
            let after = try client.health()
            try context.require(
                after.number(5) == before.number(5) + 1,
                "jobs_executed went from \(before.number(5)) to \(after.number(5))")
            try context.require(
                after.number(9) == before.number(9) + 7,
                "entries_executed went from \(before.number(9)) to \(after.number(9))")
        },
        observable("HLT-001/counts-duplicates", "A result that is sent again counts as a duplicate") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.run(batch)
            let before = try client.health().number(8)
            _ = try client.result(of: client.execute(batch, slot: nil), batch)
            let after = try client.health().number(8)
            try context.require(after == before + 1, "duplicates_answered went from \(before) to \(after)")
        },
        observable("HLT-001/counts-kept-results", "results_kept follows EXECUTE and ACK") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let before = try client.health().number(4)
            try client.run(batch)
            try context.require(try client.health().number(4) == before + 1, "a result that is kept is not counted")
            client.send(.ack, ControlPayload.number(client.nextRequest - 1))
            try context.require(
                try client.health().number(4) == before, "a result that was acknowledged is still counted")
        },
        observable("HLT-001/counts-what-was-fenced", "A request with an old token counts as fenced") { context in
            let client = try context.leased()
            let before = try client.health().number(14)
            try client.refused(.renew, [], [.fenced], edit: { $0.token += 5 })
            try context.require(try client.health().number(14) == before + 1, "requests_fenced did not grow by one")
        },
        observable("HLT-001/counts-damage", "A damaged frame counts as a checksum error and a link error") { context in
            let client = try context.opened()
            let before = try client.health()
            let bad = try context.opened()
            bad.send(.ping, alter: { $0[20] ^= 1 })
            try bad.expectEnd([.badHeaderCRC])
            let after = try client.health()
            try context.require(
                after.number(12) == before.number(12) + 1,
                "checksum_errors went from \(before.number(12)) to \(after.number(12))")
            try context.require(
                after.number(13) == before.number(13) + 1,
                "link_errors went from \(before.number(13)) to \(after.number(13))")
        },
        observable("HLT-001/holder", "REPORT names who has the lease, if anyone") { context in
            let watcher = try context.opened()
            try context.require(!(try watcher.health().has(16)), "somebody has the lease")
            let holder = try context.leased(label: "reported")
            try context.require(try watcher.health().message(16).text(1) == "reported", "the holder is not named")
            try holder.ok(.renew)
        },
    ]
}

extension Recording {
    /// Mean of one sample over all columns and some entries, in LSB; zero where there is none.
    func mean(ofSample sample: Int, entries isMeant: (Int) -> Bool = { _ in true }) -> Double {
        guard let membranes, membranes.sampleCount > sample else { return 0 }
        let columns = membranes.neurons.count
        let size = columns * membranes.sampleCount
        var codes: [UInt8] = []
        for entry in 0..<membranes.codes.count / size where isMeant(entry) {
            let start = entry * size + sample * columns
            codes += membranes.codes[start..<start + columns]
        }
        return codes.isEmpty ? 0 : codes.reduce(0) { $0 + Double($1) } / Double(codes.count)
    }
}
