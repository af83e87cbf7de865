import Substrate
import WireProtocol

/// Refusals and farewells: REQ-003, section 9, section 10.7.
enum ErrorCases {
    static let all = refusals + leaving

    private static func error(
        _ id: String, _ title: String, needs: [ConformanceCase.Need] = [],
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .errors, needs: needs, body: body)
    }

    /// One refusal of each kind that a lone client can bring about.
    private static let provocations: [(String, WireStatus, @Sendable (CaseContext) throws -> (RawClient, UInt64))] = [
        (
            "unknown-type", .unknownType,
            { context in
                let client = try context.opened()
                return (client, client.send(0x41, [], sizes: [0]))
            }
        ),
        (
            "malformed", .malformed,
            { context in
                let client = try context.opened()
                return (client, client.send(.cancel, [0x0F]))
            }
        ),
        (
            "state", .state,
            { context in
                let client = try context.opened()
                return (client, client.send(.done))
            }
        ),
        (
            "lease-held", .leaseHeld,
            { context in
                _ = try context.leased()
                let client = try context.opened()
                return (client, client.send(.acquire, ControlPayload.number(1_000)))
            }
        ),
        (
            "fenced", .fenced,
            { context in
                let client = try context.leased()
                return (client, client.send(.renew, edit: { $0.token += 1 }))
            }
        ),
        (
            "invalid", .invalid,
            { context in
                let client = try context.leased()
                return (
                    client, client.send(.configure, ControlPayload.configure(context.network(inputs: 60_000)).encoded())
                )
            }
        ),
        (
            "epoch-mismatch", .epochMismatch,
            { context in
                let client = try context.leased()
                try client.configure(context.network())
                return (client, client.send(.commit, ControlPayload.commit(epoch: 3, imageChecksum: 1).encoded()))
            }
        ),
        (
            "too-large", .tooLarge,
            { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                return (client, client.send(.stage, ControlPayload.stage(batch, slot: client.agreed.slots)))
            }
        ),
        (
            "reserved", .reservedNonzero,
            { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                var payload = ControlPayload.stage(batch, slot: 0)
                payload[5] = 1
                return (client, client.send(.stage, payload))
            }
        ),
        (
            "forgotten", .forgotten,
            { context in
                let batch = context.batch(123)
                let client = try context.armed(for: batch)
                return (client, client.execute(batch, slot: nil))
            }
        ),
        (
            "duplicate-mismatch", .duplicateMismatch,
            { context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.run(batch)
                let other = context.batch(entries: 5)
                try client.stage(other)
                return (client, client.execute(other))
            }
        ),
    ]

    private static let refusals: [ConformanceCase] =
        provocations.map { name, status, provoke in
            error("REQ-003/\(name)", "A refusal with \(status) has its form, says why, and leaves the link up") {
                context in
                let (client, request) = try provoke(context)
                let answer = try client.response(to: request)
                try context.require(answer.header.status == status, "\(answer.name) came where \(status) was due")
                try context.require(
                    answer.isFinal && answer.header.flags.contains(.response),
                    "the flags are \(answer.header.flags.rawValue)")
                try context.require(!(try answer.fields().text(1)).isEmpty, "the refusal does not say why")
                try client.settle()
            }
        } + [
            error(
                "REQ-003/no-fields-of-success",
                "A refusal carries a fault, not the fields of the response that was not given"
            ) { context in
                let holder = try context.leased()
                let answer = try context.opened().answer(.acquire, ControlPayload.number(1_000))
                try context.require(answer.header.status == .leaseHeld, "\(answer.name) came where LEASE_HELD was due")
                // Field 1 is text in `Fault`, and the token in `LeaseGrant`.
                if case .fixed32(let token)? = try answer.fields().value(1) {
                    throw CaseStop.failed("the refusal carries token \(token)")
                }
                try holder.ok(.renew)
            },
            error("REQ-006/refusals-change-nothing", "A hundred refused requests later all works as before") {
                context in
                let batch = context.batch()
                let client = try context.armed(for: batch)
                try client.stage(batch)
                for index in 0..<100 {
                    switch index % 4 {
                    case 0: try client.refused(.configure, [0x0F], [.malformed])
                    case 1: try client.refused(.weights, context.random.bytes(20), [.malformed])
                    case 2: try client.refused(.stage, context.random.bytes(7), [.malformed, .tooLarge])
                    default:
                        try client.refused(
                            .commit, ControlPayload.commit(epoch: 9, imageChecksum: 9).encoded(), [.epochMismatch])
                    }
                }
                _ = try client.result(of: client.execute(batch), batch)
            },
        ]

    private static let leaving: [ConformanceCase] = [
        error(
            "BYE-001/goaway", "A device that is about to leave says so, and takes no new batches",
            needs: [.leave, .restart]
        ) { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.stage(batch)
            guard context.target.leave() else { throw CaseStop.undecided("the device could not be asked to leave") }
            defer { _ = context.target.restart() }
            guard let notice = try client.next() else { throw CaseStop.failed("no GOAWAY came") }
            try context.require(notice.type == .goAway, "\(notice.name) came where GOAWAY was due")
            try context.require(notice.header.request == 0, "GOAWAY has a request number")
            // A device without work may be gone at once; one that is still there has to refuse.
            let request = client.execute(batch)
            do {
                try client.refusal(of: request, MessageType.execute.rawValue, [.shuttingDown])
            } catch CaseStop.failed where client.loss != nil {
                context.note("the device has left")
            }
        },
        error(
            "BYE-001/accepted-batches-finish", "A batch that was accepted before GOAWAY may finish",
            needs: [.leave, .restart]
        ) { context in
            let batch = context.batch(entries: 5)
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch)
            try client.check(try client.response(to: request), is: .execute)
            guard context.target.leave() else { throw CaseStop.undecided("the device could not be asked to leave") }
            defer { _ = context.target.restart() }
            let end = try client.response(to: request)
            try context.require(
                end.type == .result || end.header.status == .shuttingDown,
                "\(end.name) came for a batch that was accepted")
        },
    ]
}
