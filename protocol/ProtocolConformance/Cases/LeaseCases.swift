import WireProtocol

/// The lease and its fencing token: section 10.3.
enum LeaseCases {
    static let all = tokens + grants + holders + passing

    private static func lease(
        _ id: String, _ title: String, profile: ConformanceCase.Profile = .core,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .lease, profile: profile, body: body)
    }

    private static let marked: [MessageType] = [.renew, .configure, .weights, .commit, .stage, .execute]

    private static let tokens: [ConformanceCase] =
        marked.map { type in
            lease("LSE-001/\(type)-without-a-lease", "\(type) without a token is refused: the lease is needed") {
                context in
                let client = try context.opened()
                try client.refused(type, [], [.leaseExpired, .fenced])
            }
        }
        + marked.map { type in
            lease(
                "LSE-001/\(type)-before-its-payload",
                "\(type) with a wrong token is refused for it, whatever the payload"
            ) { context in
                let holder = try context.leased()
                let client = try context.opened()
                client.token = holder.token
                try client.refused(type, [0xFF, 0xFF, 0xFF], [.fenced])
                try holder.ok(.renew)
            }
        }
        + marked.map { type in
            lease("LSE-002/\(type)-with-an-old-token", "\(type) with the token of a lease that has passed on is FENCED")
            { context in
                let old = try context.leased()
                try old.ok(.release)
                let holder = try context.leased()
                try old.refused(type, [], [.fenced])
                try holder.ok(.renew)
            }
        } + [
            lease("LSE-001/nothing-is-written", "A CONFIGURE with a wrong token writes nothing") { context in
                let batch = context.batch()
                let holder = try context.armed(for: batch)
                let client = try context.opened()
                client.token = holder.token
                try client.refused(.configure, ControlPayload.configure(context.network(seed: 77)).encoded(), [.fenced])
                try holder.run(batch)
            },
            lease("LSE-001/token-of-the-future", "A token above every one that was granted is refused") { context in
                let client = try context.leased()
                try client.refused(.renew, [], [.fenced], edit: { $0.token += 1 })
                try client.ok(.renew)
            },
            lease("LSE-002/expired", "With the token of a lease that ran out, and nobody else has it: LEASE_EXPIRED") {
                context in
                let client = try context.leased(milliseconds: 300)
                context.target.sleep(for: .milliseconds(600))
                try client.refused(.renew, [], [.leaseExpired])
                try client.acquire()
                try client.ok(.renew)
            },
            lease("LSE-002/released", "With the token of a lease that was given back: LEASE_EXPIRED or FENCED") {
                context in
                let client = try context.leased()
                try client.ok(.release)
                try client.refused(.renew, [], [.leaseExpired, .fenced])
            },
            lease("LSE-003/tokens-grow", "Every lease has a greater token than the one before") { context in
                var last: UInt32 = 0
                for _ in 0..<5 {
                    let client = try context.leased()
                    try context.require(client.token > last, "token \(client.token) came after \(last)")
                    last = client.token
                    try client.end()
                }
            },
            ConformanceCase(
                "LSE-003/tokens-grow-over-a-restart", "A device that was started anew gives greater tokens", in: .lease,
                needs: [.restart]
            ) { context in
                let before = try context.leased().token
                guard context.target.restart() else { throw CaseStop.undecided("the restart did not work") }
                let after = try context.leased().token
                try context.require(after > before, "token \(after) came after \(before)")
            },
        ]

    private static let grants: [ConformanceCase] = [
        lease("LSE-003/acquire-again", "ACQUIRE by the holder keeps it the holder, for another TTL") { context in
            let client = try context.leased(milliseconds: 400)
            for _ in 0..<4 {
                context.target.sleep(for: .milliseconds(200))
                try client.acquire(milliseconds: 400)
                try client.ok(.renew)
            }
        },
        lease("LSE-006/ttl-as-asked", "The grant states the TTL, which is no longer than asked for") { context in
            let client = try context.opened()
            let grant = try client.acquire(milliseconds: 7_000)
            try context.require(1...7_000 ~= grant.number(2), "a TTL of \(grant.number(2)) ms was granted for 7000")
        },
        lease("LIM-001/ttl-cap", "No TTL above the cap of 60 s is granted") { context in
            let client = try context.opened()
            for wish in [60_001, 3_600_000, Int(UInt32.max)] {
                let grant = try client.acquire(milliseconds: wish)
                try context.require(1...60_000 ~= grant.number(2), "a TTL of \(grant.number(2)) ms was granted")
            }
        },
        lease("LIM-001/ttl-zero", "A wish for a TTL of zero gives a lease with an end, or INVALID") { context in
            let client = try context.opened()
            let answer = try client.answer(.acquire, [])
            if answer.header.status == .invalid { return }
            try client.check(answer, is: .acquire)
            let time = try answer.fields().number(2)
            try context.require(1...60_000 ~= time, "a TTL of \(time) ms was granted")
        },
        lease("LSE-006/renew-extends", "RENEW extends the lease") { context in
            let client = try context.leased(milliseconds: 400)
            for _ in 0..<4 {
                context.target.sleep(for: .milliseconds(250))
                try client.ok(.renew)
            }
        },
        lease("LSE-006/requests-extend", "Any request with the token extends the lease") { context in
            let client = try context.leased(milliseconds: 400)
            let payload = ControlPayload.configure(context.network()).encoded()
            for _ in 0..<4 {
                context.target.sleep(for: .milliseconds(250))
                try client.ok(.configure, payload)
            }
        },
        lease("LSE-006/ping-does-not-extend", "A request without the token does not extend the lease") { context in
            let client = try context.leased(milliseconds: 400)
            for _ in 0..<5 {
                context.target.sleep(for: .milliseconds(150))
                try client.settle()
            }
            try client.refused(.renew, [], [.leaseExpired])
        },
        lease("LSE-006/not-before-its-end", "A lease lasts as long as the grant says") { context in
            let other = try context.opened()
            let client = try context.opened()
            let time = try client.acquire(milliseconds: 2_000).number(2)
            context.target.sleep(for: .milliseconds(Int(time) * 7 / 10))
            try other.refused(.acquire, ControlPayload.number(1_000), [.leaseHeld])
            try client.ok(.renew)
        },
        lease("LSE-006/free-after-its-end", "A host that falls silent keeps others waiting for at most the TTL") {
            context in
            let silent = try context.leased(milliseconds: 500)
            let other = try context.opened()
            try other.refused(.acquire, ControlPayload.number(1_000), [.leaseHeld])
            context.target.sleep(for: .milliseconds(700))
            try other.ok(.acquire, ControlPayload.number(5_000))
            try silent.refused(.renew, [], [.fenced])
        },
        lease("LSE-006/free-after-a-lost-link", "A host whose link broke keeps others waiting for at most the TTL") {
            context in
            let lost = try context.leased(milliseconds: 500)
            lost.close()
            let other = try context.opened()
            context.target.sleep(for: .milliseconds(700))
            try other.ok(.acquire, ControlPayload.number(5_000))
        },
        lease("LSE-005/chip-state", "The grant tells configuration hash, epoch and CRC of what is on the chip") {
            context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            try client.ok(.release)
            let state = try client.acquire().message(3)
            try context.require(
                state.bytes(1) == client.chip.configurationHash, "the grant tells another configuration")
            try context.require(state.number(2) == 1, "the grant tells epoch \(state.number(2)), 1 was committed")
            try context.require(state.number(3) == UInt64(client.chip.imageChecksum), "the grant tells another image")
        },
        lease("LSE-005/chip-state-for-the-next", "Another session is told what is on the chip too") { context in
            let batch = context.batch()
            let client = try context.armed(for: batch)
            let written = client.chip
            try client.end()
            let other = try context.opened()
            let state = try other.acquire().message(3)
            try context.require(
                state.bytes(1) == written.configurationHash && state.number(2) == 1
                    && state.number(3) == UInt64(written.imageChecksum),
                "the grant does not tell what the former holder wrote")
        },
    ]

    private static let holders: [ConformanceCase] = [
        lease("LSE-002/held-by-another", "ACQUIRE of a held lease gets LEASE_HELD with label, age and time left") {
            context in
            let holder = try context.leased(label: "the holder", milliseconds: 20_000)
            context.target.sleep(for: .milliseconds(30))
            let other = try context.opened()
            let fault = try other.refused(.acquire, ControlPayload.number(5_000), [.leaseHeld])
            let told = try fault.message(3)
            try context.require(told.text(1) == "the holder", "the holder is called \"\(told.text(1))\"")
            try context.require(told.number(2) < 20_000, "the lease is \(told.number(2)) ms old")
            try context.require(1...20_000 ~= told.number(3), "\(told.number(3)) ms are left of 20000")
            try holder.ok(.renew)
        },
        lease("LSE-002/held-ten-times", "Asking again and again for a held lease changes nothing") { context in
            let holder = try context.leased()
            let other = try context.opened()
            for _ in 0..<10 { try other.refused(.acquire, ControlPayload.number(5_000), [.leaseHeld]) }
            try holder.ok(.renew)
        },
        lease("LSE-002/query-free", "QUERY says that nobody has a lease that is free") { context in
            let state = try context.opened().ok(.query).fields()
            try context.require(state.number(1) == 0 && state.number(2) == 0, "the lease is held")
        },
        lease("LSE-002/query-own", "QUERY says to the holder that the lease is its own") { context in
            let state = try context.leased().ok(.query).fields()
            try context.require(
                state.number(1) == 1 && state.number(2) == 1, "held \(state.number(1)), yours \(state.number(2))")
        },
        lease("LSE-002/query-other", "QUERY says to others who has the lease, and for how long") { context in
            let holder = try context.leased(label: "somebody", milliseconds: 20_000)
            let state = try context.opened().ok(.query).fields()
            try context.require(
                state.number(1) == 1 && state.number(2) == 0, "held \(state.number(1)), yours \(state.number(2))")
            let told = try state.message(3)
            try context.require(
                told.text(1) == "somebody" && 1...20_000 ~= told.number(3),
                "the holder is \"\(told.text(1))\" for \(told.number(3)) ms")
            try holder.ok(.renew)
        },
        lease("LSE-002/release-frees", "RELEASE frees the lease at once") { context in
            let client = try context.leased()
            try client.ok(.release)
            try context.opened().ok(.acquire, ControlPayload.number(5_000))
        },
        lease("LSE-002/release-ten-times", "RELEASE may be repeated, and frees only the own lease") { context in
            let holder = try context.leased()
            let other = try context.opened()
            for _ in 0..<10 { try other.ok(.release) }
            try holder.ok(.renew)
            for _ in 0..<10 { try holder.ok(.release) }
        },
    ]

    private static let passing: [ConformanceCase] = [
        lease(
            "LSE-004/same-run-takes-over",
            "A later session of a run gets the lease of an earlier one whose link has ended, with a new token"
        ) { context in
            let first = try context.leased(milliseconds: 30_000)
            first.send(.ping, alter: { $0[0] ^= 1 })
            try first.expectEnd([.badMagic])
            let second = try context.greeted()
            try second.open(run: first.run)
            try second.acquire()
            try context.require(second.token > first.token, "token \(second.token) came after \(first.token)")
            try second.ok(.renew)
        },
        lease(
            "LSE-004/other-run-does-not",
            "A session of another run does not get the lease of a detached one before its end"
        ) { context in
            let first = try context.leased(milliseconds: 30_000)
            first.send(.ping, alter: { $0[0] ^= 1 })
            try first.expectEnd([.badMagic])
            try context.opened().refused(.acquire, ControlPayload.number(5_000), [.leaseHeld])
        },
        lease(
            "LSE-004/attached-is-not-taken-over",
            "A later session of a run does not get the lease of one that is attached"
        ) { context in
            let first = try context.leased(milliseconds: 30_000)
            let second = try context.greeted()
            try second.open(run: first.run)
            try second.refused(.acquire, ControlPayload.number(5_000), [.leaseHeld])
            try first.ok(.renew)
        },
        lease(
            "LSE-004/unfinished-batches-are-fenced",
            "When the lease passes on, unfinished batches of the former holder end with FENCED"
        ) { context in
            let batch = context.longBatch()
            let first = try context.armed(for: batch)
            try first.stage(batch)
            let second = try context.opened()
            let request = first.execute(batch, chunkEntries: 512)
            try first.check(try first.response(to: request), is: .execute)
            try first.ok(.release)
            try second.ok(.acquire, ControlPayload.number(10_000))
            let end = try first.response(to: request)
            if end.type == .result || end.type == .done {
                throw CaseStop.undecided("the batch was done before the lease passed on")
            }
            try context.require(end.header.status == .fenced && end.isFinal, "\(end.name) came where FENCED was due")
        },
        lease("LSE-004/finished-results-stay", "A result that was done when the lease passed on can still be fetched") {
            context in
            let batch = context.batch()
            let first = try context.armed(for: batch)
            let answer = try first.run(batch)
            try first.ok(.release)
            let second = try context.leased()
            try second.ok(.release)
            try first.acquire()
            let again = try first.result(of: first.execute(batch, slot: nil), batch)
            try context.require(again.isDuplicate && again.bytes == answer.bytes, "another result came")
        },
    ]
}
