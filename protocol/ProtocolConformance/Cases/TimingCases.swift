import WireProtocol

/// Heartbeats, silence, and how much a device remembers: sections 8, 10.1, 10.2.
enum TimingCases {
    static let all = answers + silence + room

    private static func timing(
        _ id: String, _ title: String, profile: ConformanceCase.Profile = .core,
        _ body: @escaping @Sendable (CaseContext) throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(id, title, in: .timing, profile: profile, body: body)
    }

    private static let answers: [ConformanceCase] = [
        timing("REQ-002/ping-at-once", "PING is answered within half a second, fifty times") { context in
            let client = try context.opened()
            for _ in 0..<50 {
                let start = context.now
                try client.settle()
                try context.require(
                    context.now - start < .milliseconds(500), "PING took \((context.now - start).inSeconds) s")
            }
        },
        timing("REQ-002/ping-while-the-chip-is-busy", "PING is answered within half a second while a batch runs") {
            context in
            let batch = context.longBatch()
            let client = try context.armed(for: batch)
            try client.stage(batch)
            let request = client.execute(batch, chunkEntries: 512)
            try client.check(try client.response(to: request), is: .execute)
            let start = context.now
            try client.settleKeeping()
            let time = context.now - start
            try context.require(time < .milliseconds(500), "PING took \(time.inSeconds) s")
            if client.hasFinal(for: request) { throw CaseStop.undecided("the batch was done before PING was answered") }
            _ = try client.ok(.cancel, ControlPayload.number(batch.id))
        },
        timing("REQ-002/handshake-at-once", "HELLO, OPEN and CLOSE are answered within the 2 s of section 8") {
            context in
            for _ in 0..<5 {
                let start = context.now
                let client = try context.opened()
                try client.end()
                try context.require(
                    context.now - start < .seconds(2), "the three took \((context.now - start).inSeconds) s")
            }
        },
    ]

    private static let silence: [ConformanceCase] = [
        timing("OPN-001/resumed-after-silence", "A session is resumed after 4 s without a word", profile: .full) {
            context in
            let client = try context.opened()
            context.target.sleep(for: .seconds(4))
            try context.resumed(client).client.settle()
        },
        timing(
            "LSE-004/silence-detaches", "After 3 s of silence a later session of the run may take the lease",
            profile: .full
        ) { context in
            let first = try context.leased(milliseconds: 60_000)
            let second = try context.greeted()
            try second.open(run: first.run)
            try second.refused(.acquire, ControlPayload.number(5_000), [.leaseHeld])
            for _ in 0..<5 {
                context.target.sleep(for: .seconds(1))
                try second.settle()
            }
            try second.ok(.acquire, ControlPayload.number(5_000))
            try first.refused(.renew, [], [.fenced])
        },
        timing(
            "LSE-004/a-word-keeps-attached", "A session that says a word now and then stays attached", profile: .full
        ) { context in
            let first = try context.leased(milliseconds: 60_000)
            let second = try context.greeted()
            try second.open(run: first.run)
            for _ in 0..<5 {
                context.target.sleep(for: .seconds(1))
                try first.settle()
            }
            try second.refused(.acquire, ControlPayload.number(5_000), [.leaseHeld])
        },
        timing(
            "OPN-002/a-frame-attaches-again", "A frame on the link of a session that fell silent attaches it again",
            profile: .full
        ) { context in
            let client = try context.leased(milliseconds: 60_000)
            context.target.sleep(for: .seconds(5))
            try client.settle()
            try client.ok(.renew)
        },
        timing("OPN-001/kept-as-long-as-stated", "A session is kept as long as the reply to OPEN says", profile: .full)
        { context in
            let client = try context.greeted()
            let time = try client.open().number(3)
            guard time <= 120_000 else { throw CaseStop.skipped("sessions are kept for \(time) ms") }
            context.target.sleep(for: .milliseconds(Int(time) * 8 / 10))
            try context.resumed(client).client.settle()
        },
        timing(
            "LIM-001/session-forgotten",
            "A session without a word is forgotten after the time that the reply to OPEN states", profile: .full
        ) { context in
            let client = try context.greeted()
            let time = try client.open().number(3)
            guard time <= 120_000 else { throw CaseStop.skipped("sessions are kept for \(time) ms") }
            context.target.sleep(for: .milliseconds(Int(time) + 3_000))
            let again = try context.greeted()
            let reply = try again.open(resuming: client)
            try context.require(reply.number(4) == 0, "the session was resumed after \(time + 3_000) ms")
        },
        timing(
            "LIM-001/greeted-link-forgotten", "A link that says HELLO and nothing more is forgotten after 10 s",
            profile: .full
        ) { context in
            let client = try context.greeted()
            context.target.sleep(for: .seconds(12))
            client.send(.open, ControlPayload.open(run: context.random.bytes(16), label: "late", credit: 0).encoded())
            try client.expectEnd([.noSession])
        },
        timing("LIM-001/greeted-link-is-given-time", "A link that says HELLO has 5 s at least for OPEN", profile: .full)
        { context in
            let client = try context.greeted()
            context.target.sleep(for: .seconds(5))
            try client.open()
        },
        timing("LSE-006/default-lease", "A lease of 2 s lasts 2 s and no longer", profile: .full) { context in
            let client = try context.leased(milliseconds: 2_000)
            let other = try context.opened()
            context.target.sleep(for: .milliseconds(1_600))
            try other.refused(.acquire, ControlPayload.number(1_000), [.leaseHeld])
            context.target.sleep(for: .milliseconds(700))
            try other.ok(.acquire, ControlPayload.number(5_000))
            try client.refused(.renew, [], [.fenced])
        },
    ]

    private static let room: [ConformanceCase] = [
        timing("LIM-002/many-greeted-links", "However many links say HELLO and nothing more, the next host gets in") {
            context in
            for _ in 0..<40 { _ = try context.greeted() }
            try context.opened().settle()
        },
        timing("LIM-002/oldest-yields", "It is the oldest of such links that yields: a fresh one is kept") { context in
            for _ in 0..<40 { _ = try context.greeted() }
            let fresh = try context.greeted()
            _ = try context.greeted()
            try fresh.open()
        },
        timing("LIM-002/sessions-are-not-crowded-out", "Links without a session do not crowd out a session") {
            context in
            let client = try context.leased()
            for _ in 0..<40 { _ = try context.greeted() }
            try client.ok(.renew)
        },
        timing("LIM-002/busy-when-full", "When all sessions are taken, OPEN is BUSY, and the others go on") { context in
            var clients: [RawClient] = []
            let free = Int(truncatingIfNeeded: try context.greeted().greeting.number(10))
            guard free <= 64 else { throw CaseStop.skipped("the device has place for \(free) sessions") }
            for _ in 0..<free { clients.append(try context.opened()) }
            let late = try context.greeted()
            try late.refused(
                .open, ControlPayload.open(run: context.random.bytes(16), label: "late", credit: 0).encoded(), [.busy])
            for client in clients { try client.settle() }
            try clients[0].end()
            try late.open()
        },
        timing(
            "LIM-002/detached-session-yields",
            "When all sessions are taken, a detached one without the lease yields its place"
        ) { context in
            let lost = try context.opened()
            let free = Int(truncatingIfNeeded: try context.greeted().greeting.number(10))
            guard free <= 64 else { throw CaseStop.skipped("the device has place for \(free) sessions") }
            for _ in 0..<free { _ = try context.opened() }
            lost.send(.ping, alter: { $0[0] ^= 1 })
            try lost.expectEnd([.badMagic])
            try context.opened().settle()
        },
    ]
}
