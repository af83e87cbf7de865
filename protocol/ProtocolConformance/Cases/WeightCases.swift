import Substrate
import WireProtocol

/// WEIGHTS, COMMIT and epochs: sections 7.3 and 10.4.
enum WeightCases {
    static let all = images + deltas + commits + blocks

    private static func weights(
        _ id: String, _ title: String, _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .weights, body: body)
    }

    private static let images: [ConformanceCase] =
        [
            weights("WGT-001/shadow", "WEIGHTS alone changes nothing: the chip goes on with the current image") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.ok(.weights, ControlPayload.fullWeights(batch.synapses.codes.map { -$0 }, epoch: 2))
                try client.run(batch)
            },
            weights("WGT-001/shadow-cannot-be-executed", "An image that was not committed cannot be executed") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let other = batch.synapses.codes.map { -$0 }
                try client.ok(.weights, ControlPayload.fullWeights(other, epoch: 2))
                (client.chip.epoch, client.chip.image) = (2, other)
                try client.stage(batch)
                try client.refusal(of: client.execute(batch), MessageType.execute.rawValue, [.epochMismatch])
            },
            weights("WGT-001/last-weights-count", "Of two WEIGHTS before a COMMIT the last one counts") { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.ok(.weights, ControlPayload.fullWeights(batch.synapses.codes.map { -$0 }, epoch: 5))
                try client.write(batch.synapses.codes, epoch: 6)
                try client.run(batch)
            },
            weights("WGT-001/any-epoch", "Epochs need not follow each other") { context in
                let batch = context.batch()
                let client = try context.leased()
                try client.configure(batch.configuration)
                for epoch in [7, 3, UInt32.max, 1] as [UInt32] {
                    try client.write(batch.synapses.codes, epoch: epoch)
                    try client.run(context.batch(UInt64(epoch)))
                }
            },
            weights(
                "WGT-001/random-images",
                "Twenty random images one after the other, whole or as changes, are each the current one"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let limit = context.claims.geometry.weightLimit
                for epoch in 2...21 as ClosedRange<UInt32> {
                    var image = client.chip.image
                    for _ in 0...context.random.below(image.count) {
                        image[context.random.below(image.count)] = Int8(context.random.below(2 * limit + 1) - limit)
                    }
                    let payload =
                        epoch % 3 == 0
                        ? ControlPayload.fullWeights(image, epoch: epoch)
                        : ControlPayload.delta(from: client.chip.image, at: epoch - 1, to: image, epoch: epoch)
                    try client.ok(.weights, payload)
                    try client.commit(image, epoch: epoch)
                }
                let last = context.batch(50)
                try client.run(last)
            },
            weights("WGT-003/at-the-limit", "Codes at the chip's limit, of either sign, are taken") { context in
                let network = context.network()
                let limit = Int8(min(127, context.claims.geometry.weightLimit))
                let image = (0..<network.synapseCount).map { $0 % 2 == 0 ? limit : -limit }
                let batch = context.batch(on: network, image: image)
                try context.armed(for: batch).run(batch)
            },
        ]
        + [1, -1, 100].flatMap { beyond in
            [false, true].map { isDelta in
                weights(
                    "WGT-003/code-\(beyond == 100 ? "far-below" : beyond > 0 ? "above" : "below")-the-limit\(isDelta ? "-in-a-delta" : "")",
                    "A code beyond the chip's weight limit is refused with MALFORMED, and the image stays"
                ) { context in
                    let limit = context.claims.geometry.weightLimit
                    guard limit < 127 else { throw CaseStop.skipped("the chip takes every code of a byte") }
                    let batch = context.batch()
                    let client = try context.armed(for: batch)
                    var image = batch.synapses.codes
                    image[context.random.below(image.count)] = beyond == 100 ? -128 : Int8(beyond * (limit + 1))
                    let payload =
                        isDelta
                        ? ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 2)
                        : ControlPayload.fullWeights(image, epoch: 2)
                    try client.refused(.weights, payload, [.malformed])
                    try client.run(batch)
                }
            }
        }

    private static let deltas: [ConformanceCase] = [
        weights("WGT-002/applied", "A delta changes the codes that it marks, and those only") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            var image = batch.synapses.codes
            (image[0], image[image.count - 1]) = (1, -1)
            try client.ok(.weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 2))
            try client.commit(image, epoch: 2)
            try client.run(context.batch(2))
        },
        weights("WGT-002/empty", "A delta without changes is taken") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.ok(
                .weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: batch.synapses.codes, epoch: 2))
            try client.commit(batch.synapses.codes, epoch: 2)
            try client.run(batch)
        },
        weights("WGT-002/all-codes", "A delta of all codes is taken") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let image = batch.synapses.codes.map { -$0 }
            try client.ok(.weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 2))
            try client.commit(image, epoch: 2)
            try client.run(context.batch(3))
        },
        weights("WGT-002/wrong-base", "A delta against another epoch than the current one: EPOCH_MISMATCH") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let image = batch.synapses.codes.map { -$0 }
            try context.each([0, 2, 77, UInt32.max], { "base \($0)" }) { base in
                try client.refused(
                    .weights, ControlPayload.delta(from: batch.synapses.codes, at: base, to: image, epoch: 9),
                    [.epochMismatch])
            }
            try client.run(batch)
        },
        weights("WGT-002/former-base", "A delta against an epoch before the current one: EPOCH_MISMATCH") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let image = batch.synapses.codes.map { -$0 }
            try client.write(image, epoch: 2)
            try client.refused(
                .weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 3), [.epochMismatch]
            )
        },
        weights("WGT-002/wrong-result", "A delta that gives another image than it states: EPOCH_MISMATCH") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            var payload = ControlPayload.delta(
                from: batch.synapses.codes, at: 1, to: batch.synapses.codes.map { -$0 }, epoch: 2)
            payload[16] ^= 1
            try client.refused(.weights, payload, [.epochMismatch])
            try client.run(batch)
        },
        weights("WGT-002/full-with-wrong-checksum", "A full image with another checksum than its own: EPOCH_MISMATCH") {
            context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            var payload = ControlPayload.fullWeights(batch.synapses.codes.map { -$0 }, epoch: 2)
            payload[19] ^= 0x80
            try client.refused(.weights, payload, [.epochMismatch])
            try client.run(batch)
        },
        weights("WGT-002/no-image-yet", "A delta where the chip has no image: EPOCH_MISMATCH") { context in
            let network = context.network()
            let client = try context.leased()
            try client.configure(context.network(seed: 5))
            try client.configure(network)
            let zeros = [Int8](repeating: 0, count: network.synapseCount)
            try client.refused(
                .weights, ControlPayload.delta(from: zeros, at: 0, to: context.image(of: network), epoch: 1),
                [.epochMismatch])
        },
        weights(
            "WGT-002/after-another-configuration",
            "A delta after another configuration: EPOCH_MISMATCH, since the image is unknown"
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.configure(context.network(seed: 6))
            try client.refused(
                .weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: batch.synapses.codes, epoch: 2),
                [.epochMismatch])
        },
    ]

    private static let commitChanges: [(String, @Sendable (inout ProtobufFields) -> Void)] = [
        ("wrong-epoch", { $0.set(1, .varint(3)) }),
        ("wrong-checksum", { $0.set(2, .fixed32(12_345)) }),
        ("nothing-named", { $0.fields = [] }),
    ]

    private static let commits: [ConformanceCase] =
        commitChanges.map { name, change in
            weights("WGT-004/\(name)", "COMMIT of what was not written: EPOCH_MISMATCH, and the image stays") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let other = batch.synapses.codes.map { -$0 }
                try client.ok(.weights, ControlPayload.fullWeights(other, epoch: 2))
                var fields = ControlPayload.commit(epoch: 2, imageChecksum: CRC32C.checksum(image: other))
                change(&fields)
                try client.refused(.commit, fields.encoded(), [.epochMismatch])
                try client.run(batch)
            }
        } + [
            weights(
                "WGT-004/answers-with-the-epoch",
                "COMMIT is answered with epoch, checksum and the number of codes that travelled"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var image = batch.synapses.codes
                (image[0], image[1]) = (1, 2)
                try client.ok(.weights, ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 8))
                let checksum = CRC32C.checksum(image: image)
                let reply = try client.ok(.commit, ControlPayload.commit(epoch: 8, imageChecksum: checksum).encoded())
                    .fields()
                try context.require(reply.number(1) == 8, "the reply names epoch \(reply.number(1))")
                try context.require(reply.number(2) == UInt64(checksum), "the reply names another image")
                try context.require(reply.number(3) == 2, "the reply counts \(reply.number(3)) codes, 2 travelled")
            },
            weights("WGT-004/without-weights", "COMMIT without WEIGHTS: EPOCH_MISMATCH") { context in
                let client = try context.leased()
                try client.configure(context.network())
                try client.refused(
                    .commit, ControlPayload.commit(epoch: 1, imageChecksum: 0).encoded(), [.epochMismatch])
            },
            weights("WGT-004/twice", "A second COMMIT of the same: EPOCH_MISMATCH") { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let payload = ControlPayload.commit(epoch: 1, imageChecksum: client.chip.imageChecksum).encoded()
                try client.refused(.commit, payload, [.epochMismatch])
                try client.run(batch)
            },
            weights("WGT-004/after-refused-weights", "After WEIGHTS that were refused there is nothing to commit") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                let other = batch.synapses.codes.map { -$0 }
                try client.ok(.weights, ControlPayload.fullWeights(other, epoch: 2))
                try client.refused(.weights, [1, 2, 3], [.malformed])
                let fields = ControlPayload.commit(epoch: 2, imageChecksum: CRC32C.checksum(image: other))
                let answer = try client.answer(.commit, fields.encoded())
                if answer.header.status == .ok {
                    // BLK-001 refuses the block as a whole; whether it takes the former shadow with it is not said.
                    context.note("the shadow image outlives WEIGHTS that were refused")
                } else {
                    try context.require(
                        answer.header.status == .epochMismatch, "\(answer.name) came where EPOCH_MISMATCH was due")
                    try client.run(batch)
                }
            },
            weights(
                "WGT-004/needs-a-configuration",
                "WEIGHTS on a chip that is not configured, or for another size, are refused"
            ) { context in
                let client = try context.leased()
                try client.configure(context.network())
                let image = [Int8](repeating: 0, count: 7)
                try client.refused(.weights, ControlPayload.fullWeights(image, epoch: 1), [.invalid])
            },
        ]

    private static let blockChanges: [(String, WireStatus, @Sendable (inout [UInt8]) -> Void)] = [
        ("encoding-0", .malformed, { $0[0] = 0 }),
        ("encoding-3", .malformed, { $0[0] = 3 }),
        ("one-synapse-more", .tooLarge, { $0[4] += 1 }),
        ("synapses-largest", .tooLarge, { $0.replaceSubrange(4..<8, with: [255, 255, 255, 255]) }),
        ("codes-more-than-synapses", .tooLarge, { $0.replaceSubrange(20..<24, with: [255, 255, 0, 0]) }),
        ("codes-one-more", .malformed, { $0[20] += 1 }),
        ("codes-one-fewer", .malformed, { $0[20] -= 1 }),
        ("reserved-24", .reservedNonzero, { $0[24] = 1 }),
        ("reserved-31", .reservedNonzero, { $0[31] = 0x80 }),
        ("head-cut", .malformed, { $0.removeLast($0.count - 31) }),
        ("body-cut", .malformed, { $0.removeLast() }),
        ("one-byte-more", .malformed, { $0.append(0) }),
        ("empty", .malformed, { $0 = [] }),
        ("spare-bit", .malformed, { $0[34] |= 0x80 }),
        ("one-mark-more", .malformed, { $0[32] ^= 2 }),
        ("one-mark-fewer", .malformed, { $0[32] ^= 1 }),
    ]

    /// Blocks that break section 7.3; a delta of the current image unless it says otherwise.
    private static let blocks: [ConformanceCase] =
        blockChanges.map { name, status, change in
            weights(
                "BLK-001/weights-\(name)",
                "A weight block that breaks its layout (\(name)) is refused with \(status) as a whole"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var image = batch.synapses.codes
                (image[0], image[4], image[9]) = (1, 2, 3)
                var payload = ControlPayload.delta(from: batch.synapses.codes, at: 1, to: image, epoch: 2)
                change(&payload)
                try client.refused(.weights, payload, [status])
                try client.run(batch)
            }
        } + [
            weights(
                "BLK-001/weights-full-with-a-base",
                "A full image with a base epoch other than 0 is refused with MALFORMED"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var payload = ControlPayload.fullWeights(batch.synapses.codes.map { -$0 }, epoch: 2)
                payload[8] = 1
                try client.refused(.weights, payload, [.malformed])
            },
            weights(
                "BLK-001/weights-full-count",
                "A full image that states fewer codes than synapses is refused with MALFORMED"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var payload = ControlPayload.fullWeights(batch.synapses.codes, epoch: 2)
                payload[20] -= 1
                try client.refused(.weights, payload, [.malformed])
            },
            weights(
                "BLK-001/weights-fewer-synapses",
                "An image of fewer synapses than the configuration has is refused with INVALID"
            ) { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.refused(
                    .weights, ControlPayload.fullWeights(Array(batch.synapses.codes.dropLast()), epoch: 2), [.invalid])
                try client.run(batch)
            },
        ]
}
