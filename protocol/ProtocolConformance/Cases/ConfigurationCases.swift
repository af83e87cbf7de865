import Substrate
import WireProtocol

/// CONFIGURE, DESCRIBE, and what fits a chip.
enum ConfigurationCases {
    static let all = hashes + misfits + codes + resources + description

    static func configuration(
        _ id: String, _ title: String, needs: [ConformanceCase.Need] = [],
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .configuration, needs: needs, body: body)
    }

    private static let hashes: [ConformanceCase] = [
        configuration(
            "CFG-001/hash-of-the-payload",
            "The reply is the SHA-256 of the payload as it was sent, unknown fields included"
        ) { context in
            let client = try context.leased()
            var fields = ControlPayload.configure(context.network())
            fields.add(900, 42)
            let payload = fields.encoded()
            let reply = try client.ok(.configure, payload).fields()
            try context.require(reply.bytes(1) == ContentHash.configuration(payload), "the hash is another one")
        },
        configuration(
            "CFG-001/same-changes-nothing", "A configuration that is the current one changes nothing, ten times over"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            for _ in 0..<10 { try client.configure(batch.configuration) }
            try client.run(batch)
        },
        configuration(
            "CFG-001/other-forgets-the-image",
            "Any other configuration makes the image unknown: EPOCH_MISMATCH for the old epoch"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.configure(context.network(seed: 99))
            try client.configure(batch.configuration)
            client.chip.epoch = 1
            client.chip.image = batch.synapses.codes
            try client.stage(batch)
            try client.refusal(of: client.execute(batch), MessageType.execute.rawValue, [.epochMismatch])
        },
        configuration("CFG-001/epoch-zero-after-another", "After another configuration the chip has epoch 0") {
            context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.configure(context.network(seed: 98))
            let state = try client.acquire().message(3)
            try context.require(state.number(2) == 0, "the chip has epoch \(state.number(2))")
        },
        configuration("CFG-001/field-by-field", "Each field of a configuration makes another one of it") { context in
            let client = try context.leased()
            let network = context.network()
            var variants = [network, network, network, network]
            variants[1].noiseSeed += 1
            variants[2].window += 1
            variants[3].sampleCount += 1
            let found = try variants.map { variant -> [UInt8] in
                try client.configure(variant)
                return client.chip.configurationHash
            }
            try context.require(Set(found).count == 4, "two configurations have the same hash")
        },
        configuration(
            "CFG-001/refused-leaves-the-former", "A configuration that is refused leaves the former one in place"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.refused(.configure, [0x0A], [.malformed])
            try client.run(batch)
        },
    ]

    /// What makes a configuration impossible: a name, words, and the change to one that is possible.
    private static let changes: [(String, String, @Sendable (inout ChipConfiguration, CaseContext) -> Void)] = [
        (
            "too-many-inputs", "more inputs than there are channels",
            {
                $0.inputCount = $1.claims.geometry.inputChannels + 1
            }
        ),
        (
            "too-many-neurons", "more neurons than there are circuits",
            {
                $0.populations[0].size = $1.claims.geometry.neuronCircuits + 1
            }
        ),
        ("empty-population", "a population without neurons", { network, _ in network.populations[1].size = 0 }),
        ("no-population", "no population", { network, _ in (network.populations, network.projections) = ([], []) }),
        (
            "target-of-nowhere", "a projection to a population that is not there",
            { network, _ in network.projections[0].target = 7 }
        ),
        (
            "source-of-nowhere", "a projection from a population that is not there",
            { network, _ in
                network.projections[1].source = .population(9)
            }
        ),
        ("window-zero", "a window of no length", { network, _ in network.window = 0 }),
        ("window-too-long", "a window that events cannot express", { network, _ in network.window = 65_536 }),
        (
            "sample-period-too-short", "a sample period below the chip's least",
            { network, context in
                network.samplePeriod = context.claims.geometry.minimumSamplePeriod - 1
            }
        ),
        ("sample-period-zero", "samples without a distance", { network, _ in network.samplePeriod = 0 }),
        (
            "leak-not-a-number", "a leak that is not a number",
            { network, _ in network.populations[0].targets.leak = .nan }
        ),
        (
            "threshold-infinite", "an infinite threshold",
            { network, _ in network.populations[0].targets.threshold = .infinity }
        ),
        ("tau-negative", "a negative time constant", { network, _ in network.populations[0].targets.tauMem = -1 }),
        (
            "gain-not-a-number", "a gain that is not a number",
            { network, _ in network.populations[1].targets.synapticGain = .nan }
        ),
        (
            "refractory-not-a-number", "a refractory time that is not a number",
            { network, _ in
                network.populations[0].targets.refractory = .nan
            }
        ),
    ]

    /// Configurations that fit no chip, or not this one.
    private static let misfits: [ConformanceCase] =
        changes.map { name, what, change in
            configuration(
                "CFG-002/\(name)", "A configuration with \(what) is refused with INVALID, at CONFIGURE or at EXECUTE"
            ) { context in
                if ["leak", "threshold", "tau", "gain", "refractory"].contains(where: name.hasPrefix),
                    context.claims.ranges.isEmpty
                {
                    throw CaseStop.skipped("the device states no ranges of parameters")
                }
                var network = context.network()
                change(&network, context)
                try refuse(network, context)
            }
        } + [
            configuration("CFG-002/unknown-kind", "A population of an unknown kind is refused") { context in
                let client = try context.leased()
                var fields = ControlPayload.configure(context.network())
                guard case .bytes(let bytes) = fields.fields[1].value else { return }
                var population = try ProtobufFields(parsing: bytes)
                population.set(1, .varint(7))
                fields.fields[1].value = .bytes(population.encoded())
                try client.refused(.configure, fields.encoded(), [.invalid, .malformed])
            },
            configuration("CFG-002/says-what-is-short", "The refusal names the resource, the need and the stock") {
                context in
                let client = try context.leased()
                let stock = context.claims.geometry.inputChannels
                let network = context.network(inputs: stock + 1)
                let answer = try client.answer(.configure, ControlPayload.configure(network).encoded())
                guard answer.header.status == .invalid else {
                    throw CaseStop.undecided("CONFIGURE was not refused, see CFG-002/too-many-inputs")
                }
                let words = try answer.fields().text(1)
                try context.require(
                    words.contains("\(stock)") && words.contains("\(stock + 1)"),
                    "\"\(words)\" does not name \(stock + 1) and \(stock)")
            },
        ]

    /// Holds the device to refusing a configuration, at once or at the first EXECUTE on it.
    static func refuse(_ network: ChipConfiguration, _ context: CaseContext) throws {
        let client = try context.leased()
        let payload = ControlPayload.configure(network).encoded()
        let answer = try client.answer(.configure, payload)
        if answer.header.status != .ok {
            try context.require(
                answer.header.status == .invalid, "CONFIGURE got \(answer.header.status) where INVALID was due")
            try context.require(answer.isFinal && !(try answer.fields().text(1)).isEmpty, "the refusal has no words")
            return
        }
        context.note("accepted at CONFIGURE; EXECUTE has to refuse it")
        client.chip = WrittenChip(configurationHash: ContentHash.configuration(payload))
        let image = [Int8](repeating: 1, count: network.synapseCount)
        try client.write(image, epoch: 1)
        let batch = DeviceBatch(
            id: 1, configuration: network, synapses: SynapseMatrix(codes: image),
            inputs: SpikeTrains(ends: [0], events: []), observables: Observables(spikes: true, membranes: 0..<1))
        try client.stage(batch)
        let request = client.execute(batch)
        let first = try client.response(to: request)
        let last = first.header.status == .ok && !first.isFinal ? try client.response(to: request) : first
        try context.require(
            last.header.status == .invalid && last.isFinal, "neither CONFIGURE nor EXECUTE refused it: \(last.name)")
    }

    private static let codes: [ConformanceCase] =
        [
            configuration(
                "CFG-005/codes-refused-without-them", "A device without codes refuses a population that states some",
                needs: [.noCodes]
            ) { context in
                let client = try context.leased()
                var network = context.network(spiking: 1, readouts: 0)
                network.populations[0].codes = [NeuronCodes(all: 0)]
                try client.refused(.configure, ControlPayload.configure(network).encoded(), [.invalid])
            },
            configuration(
                "CFG-005/codes-taken", "A device with codes takes a population that states them", needs: [.codes]
            ) { context in
                var network = context.network()
                for index in network.populations.indices {
                    network.populations[index].codes = Array(
                        repeating: context.paperCodes(network.populations[index].targets),
                        count: network.populations[index].size)
                }
                let batch = context.batch(on: network)
                try context.armed(for: batch).run(batch)
            },
            configuration(
                "CFG-005/codes-are-written",
                "The codes are written, whatever the targets: a higher leak code raises the membrane", needs: [.codes]
            ) { context in
                let leaks = context.visibleLeaks
                let means = try leaks.map { leak in
                    var network = context.network(inputs: 1, spiking: 1, readouts: 4)
                    var codes = context.paperCodes(network.populations[1].targets)
                    codes.leak = context.code(leak, 0)
                    network.populations[1].codes = Array(repeating: codes, count: 4)
                    let batch = context.batch(on: network, entries: 4, events: 0, membranes: 1..<5)
                    return try context.freed().armed(for: batch).run(batch).recording.meanCode
                }
                try context.require(
                    means[1] - means[0] > 0.5 * (leaks[1] - leaks[0]),
                    "a rise of \(leaks[1] - leaks[0]) LSB by codes gave one of \(means[1] - means[0]) LSB in the CADC")
            },
        ]
        + [("leak", \NeuronCodes.leak), ("threshold", \.threshold), ("tau-mem", \.tauMem), ("gain", \.synapticGain)].map
    {
        (name: String, path: WritableKeyPath<NeuronCodes, UInt16> & Sendable) in
        configuration(
            "BLK-001/codes-\(name)-too-high",
            "A \(name) code above the chip's highest is refused with INVALID at CONFIGURE", needs: [.codes]
        ) { context in
            let client = try context.leased()
            var network = context.network(spiking: 2, readouts: 0)
            var codes = context.paperCodes(network.populations[0].targets)
            codes[keyPath: path] = UInt16(1 << context.claims.bits)
            network.populations[0].codes = [context.paperCodes(network.populations[0].targets), codes]
            try client.refused(.configure, ControlPayload.configure(network).encoded(), [.invalid])
        }
    }
        + [("short", -1), ("one-neuron-less", -18), ("one-neuron-more", 18)].map { name, change in
            configuration(
                "BLK-001/codes-\(name)", "A codes block whose length does not fit the population is refused",
                needs: [.codes]
            ) { context in
                let client = try context.leased()
                var fields = ControlPayload.configure(context.network(spiking: 3, readouts: 0))
                guard case .bytes(let bytes) = fields.fields[1].value else { return }
                var population = try ProtobufFields(parsing: bytes)
                population.add(4, bytes: Array(repeating: 0, count: 54 + change))
                fields.fields[1].value = .bytes(population.encoded())
                try client.refused(.configure, fields.encoded(), [.invalid])
            }
        }

    private static let resources: [ConformanceCase] = [
        configuration("CFG-004/all-circuits", "A network that takes every circuit fits") { context in
            let client = try context.leased()
            try client.configure(
                context.network(inputs: 1, spiking: context.claims.geometry.neuronCircuits, readouts: 0))
        },
        configuration("CFG-004/one-circuit-too-many", "A network that takes one circuit more does not") { context in
            try refuse(
                context.network(inputs: 1, spiking: context.claims.geometry.neuronCircuits - 1, readouts: 2), context)
        },
        configuration(
            "CFG-004/circuits-by-fan-in", "A neuron with one signed input more than a circuit has takes two circuits"
        ) { context in
            let geometry = context.claims.geometry
            let inputs = geometry.signedInputsPerCircuit + 1
            guard inputs <= geometry.inputChannels else {
                throw CaseStop.skipped("the chip has fewer inputs than two circuits take")
            }
            try context.leased().configure(
                context.network(inputs: inputs, spiking: geometry.neuronCircuits / 2, readouts: 0))
            try refuse(
                context.network(inputs: inputs, spiking: geometry.neuronCircuits / 2 + 1, readouts: 0), context.freed())
        },
        configuration(
            "CFG-003/image-in-order", "The image holds the projections in order: a lone weight moves its own neuron"
        ) { context in
            let network = context.network(inputs: 4, spiking: 3, readouts: 0)
            for (input, neuron) in [(0, 0), (1, 2), (3, 1)] {
                var image = [Int8](repeating: 0, count: network.synapseCount)
                image[input * 3 + neuron] = Int8(min(127, context.claims.geometry.weightLimit))
                var inputs = SpikeTrains()
                inputs.append((0..<20).map { SpikeEvent(tick: UInt16(20 + 10 * $0), unit: UInt16(input)) })
                let batch = DeviceBatch(
                    id: UInt64(input * 3 + neuron), configuration: network, synapses: SynapseMatrix(codes: image),
                    inputs: inputs,
                    observables: Observables(spikes: true, membranes: 0..<3))
                let client = try context.freed().armed(for: batch)
                let recording = try client.run(batch).recording
                let moved = (0..<3).map { recording.travel(ofColumn: $0) }
                let counts = (0..<3).map { unit in recording.spikes.events.count { Int($0.unit) == unit } }
                let best = (0..<3).max { (counts[$0], moved[$0]) < (counts[$1], moved[$1]) }
                try context.require(
                    best == neuron,
                    "a weight from input \(input) to neuron \(neuron) made \(counts) spikes and moved membranes by \(moved) LSB"
                )
                try client.end()
            }
        },
        configuration(
            "CFG-007/leak-in-lsb", "Leak targets are in LSB: a higher one raises the membrane by about as much"
        ) { context in
            guard !context.claims.ranges.isEmpty else {
                throw CaseStop.skipped("the device states no ranges of parameters")
            }
            let targets = context.visibleLeaks
            let means = try targets.map { leak in
                var network = context.network(inputs: 1, spiking: 1, readouts: 16)
                network.populations[1].targets.leak = leak
                let batch = context.batch(on: network, entries: 4, events: 0, membranes: 1..<17)
                let client = try context.freed().armed(for: batch)
                let mean = try client.run(batch).recording.meanCode
                try client.end()
                return mean
            }
            let (asked, found) = (targets[1] - targets[0], means[1] - means[0])
            try context.require(
                abs(found - asked) < 0.25 * asked + 3,
                "a rise of \(asked) LSB was asked for, the CADC saw one of \(found)")
        },
    ]

    private static let description: [ConformanceCase] =
        [MessageType.describe, .query, .list, .get].map { type in
            configuration(
                "DSC-001/\(type)-without-the-lease", "\(type) works without the lease, and while another host has it"
            ) { context in
                let client = try context.opened()
                try client.ok(type)
                let holder = try context.leased()
                try client.ok(type)
                try holder.ok(.renew)
            }
        } + [
            configuration("DSC-002/geometry", "DESCRIBE states a geometry that a network can fit") { context in
                let geometry = context.claims.geometry
                let numbers = [
                    geometry.neuronCircuits, geometry.signedInputsPerCircuit, geometry.inputChannels,
                    geometry.weightLimit,
                    geometry.cadcMaximum, geometry.minimumSamplePeriod, geometry.maximumEventsPerEntry,
                    geometry.maximumEntriesPerBatch,
                ]
                try context.require(numbers.allSatisfy { $0 > 0 }, "a part of the geometry is zero: \(numbers)")
                try context.require(
                    geometry.weightLimit <= 127,
                    "the weight limit \(geometry.weightLimit) does not fit a code of a byte")
                try context.require(
                    geometry.cadcMaximum <= 255, "the CADC's maximum \(geometry.cadcMaximum) does not fit a byte")
            },
            configuration("DSC-002/kind", "DESCRIBE states whether it is an emulator or a board, and its firmware") {
                context in
                try context.require(
                    1...2 ~= context.claims.description.number(1), "the kind is \(context.claims.description.number(1))"
                )
                try context.require(!context.claims.description.text(4).isEmpty, "there is no firmware version")
            },
            configuration(
                "DSC-002/ranges",
                "The ranges of the parameters are whole: six of them, ordered, coded ones around allowed ones"
            ) { context in
                guard context.claims.description.has(8) else {
                    throw CaseStop.skipped("the device states no ranges of parameters")
                }
                let ranges = context.claims.ranges
                try context.require(ranges.count == 6, "there are \(ranges.count) ranges, not 6")
                try context.require(0...16 ~= context.claims.bits, "codes have \(context.claims.bits) bits")
                try context.each(Array(ranges.indices), { "range \($0)" }) { index in
                    let range = ranges[index]
                    try context.require(
                        range.allowedLower <= range.allowedUpper && range.allowedLower.isFinite
                            && range.allowedUpper.isFinite, "allowed \(range.allowedLower) to \(range.allowedUpper)")
                    guard context.claims.bits > 0 else { return }
                    try context.require(
                        range.codedLower <= range.allowedLower && range.allowedUpper <= range.codedUpper,
                        "coded \(range.codedLower) to \(range.codedUpper) does not hold what is allowed")
                    try context.require(1...2 ~= range.spacing, "spacing \(range.spacing)")
                    try context.require(
                        range.spacing == 1 || range.codedLower > 0,
                        "codes of equal factors begin at \(range.codedLower)")
                }
            },
            configuration("DSC-002/stays", "DESCRIBE says the same each time") { context in
                let client = try context.opened()
                let first = try client.ok(.describe).payload
                for _ in 0..<10 {
                    try context.require(try client.ok(.describe).payload == first, "the description has changed")
                }
            },
        ]
}
