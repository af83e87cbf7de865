package import WireProtocol

extension RawClient {
    /// HELLO, and what the reply has to hold (HEL-001).
    ///
    /// - Throws: `CaseStop.failed` where it does not.
    package func greet(limits: WireLimits = WireLimits()) throws {
        self.limits = limits
        let nonce = context.random.bytes(16)
        let hello = ControlPayload.hello(nonce: nonce, limits: limits, grease: context.random.next())
        greeting = try ok(.hello, hello.encoded()).fields()
        try context.require(
            greeting.number(1) == 1, "HELLO was answered with major version \(greeting.number(1)) (HEL-001)")
        try context.require(greeting.bytes(5) == nonce, "HELLO was answered with another nonce (HEL-001, HEL-004)")
        agreed = limits.agreed(with: try DeviceClaims.limits(greeting))
    }

    /// OPEN on a link that has said HELLO; returns the reply.
    ///
    /// - Throws: `CaseStop.undecided` where all sessions are taken.
    @discardableResult package func open(
        run: [UInt8]? = nil, label: String? = nil, credit: UInt64 = 1 << 40, resuming old: RawClient? = nil
    ) throws -> ProtobufFields {
        if old != nil, context.target.sharing == .fresh {
            throw CaseStop.skipped("each link of this target is a device of its own")
        }
        self.run = run ?? old?.run ?? context.random.bytes(16)
        let payload = ControlPayload.open(
            run: self.run, label: label ?? "conformance \(context.id)", credit: credit,
            resuming: old?.session ?? 0, with: old?.resumeToken ?? [])
        if let old { nextRequest = max(nextRequest, old.nextRequest) }
        let answer = try self.answer(.open, payload.encoded())
        if answer.header.status == .busy {
            throw CaseStop.undecided("the device has no place for a session: \(try answer.fields().text(1))")
        }
        try check(answer, is: .open)
        let reply = try answer.fields()
        try context.require(reply.number(1) != 0, "OPEN was answered with session 0 (OPN-001)")
        session = reply.number(1)
        resumeToken = reply.bytes(2)
        if let old, reply.number(4) == 1 { (token, chip) = (old.token, old.chip) }
        return reply
    }

    /// ACQUIRE; returns the grant.
    ///
    /// - Throws: `CaseStop.undecided` where someone else has the chip.
    @discardableResult package func acquire(milliseconds: Int = 10_000) throws -> ProtobufFields {
        let answer = try self.answer(.acquire, ControlPayload.number(milliseconds))
        if answer.header.status == .leaseHeld {
            let holder = try answer.fields().message(3).text(1)
            throw CaseStop.undecided("the chip is held by \"\(holder)\"; the suite needs it for itself")
        }
        try check(answer, is: .acquire)
        let grant = try answer.fields()
        token = UInt32(truncatingIfNeeded: grant.number(1))
        try context.require(token != 0, "ACQUIRE was answered with token 0 (section 10.3)")
        return grant
    }

    /// Ends the session, over a fresh link where this one has gone.
    package func end() throws {
        guard session != 0, !context.closedSessions.contains(session) else { return }
        context.closedSessions.insert(session)
        if !isGone {
            let request = send(.close)
            if let answer = try? response(to: request), answer.header.status == .ok { return }
        }
        guard context.target.sharing != .fresh else { return }
        close()
        let fresh = try context.link()
        // Where there is one link at a time, the next session needs it.
        defer { if context.target.sharing == .one { fresh.close() } }
        try fresh.greet()
        // Above whatever number a damaged frame of this session may have had.
        fresh.nextRequest = .max - 8
        if try fresh.open(resuming: self).number(4) == 1 || fresh.session != session {
            context.closedSessions.insert(fresh.session)
            _ = try fresh.ok(.close)
        }
    }

    // Requests and their answers.

    /// Sends a request and returns its first response.
    package func answer(
        _ type: MessageType, _ payload: [UInt8] = [], within limit: Duration? = nil,
        edit: (inout FrameHeader) -> Void = { _ in }, alter: (inout [UInt8]) -> Void = { _ in }
    ) throws -> DeviceMessage {
        try response(to: send(type, payload, edit: edit, alter: alter), within: limit)
    }

    /// Sends a request that the device has to grant, and returns the response.
    ///
    /// - Throws: `CaseStop.failed` where it is refused.
    @discardableResult package func ok(
        _ type: MessageType, _ payload: [UInt8] = [], edit: (inout FrameHeader) -> Void = { _ in },
        alter: (inout [UInt8]) -> Void = { _ in }
    ) throws -> DeviceMessage {
        let answer = try self.answer(type, payload, edit: edit, alter: alter)
        try check(answer, is: type)
        return answer
    }

    /// Holds a response against what grants a request: the type, OK, and FINAL but for EXECUTE (REQ-002).
    package func check(_ answer: DeviceMessage, is type: MessageType) throws {
        guard answer.header.status == .ok else {
            let reason = try answer.fields().text(1)
            throw CaseStop.failed("\(name(type)) was refused with \(answer.header.status) (\"\(reason)\")")
        }
        let due: MessageType = type == .get ? .report : type
        try context.require(answer.type == due, "\(name(type)) was answered by \(answer.name) (section 5)")
        try context.require(
            answer.isFinal == (type != .execute),
            "the response to \(name(type)) has flags \(answer.header.flags.rawValue) (REQ-002)")
    }

    /// Sends a request that the device has to refuse with one of these statuses; returns the fault.
    ///
    /// - Throws: `CaseStop.failed` where it is granted, or refused with another status.
    @discardableResult package func refused(
        _ type: MessageType, _ payload: [UInt8] = [], _ statuses: [WireStatus],
        edit: (inout FrameHeader) -> Void = { _ in }, alter: (inout [UInt8]) -> Void = { _ in }
    ) throws -> ProtobufFields {
        try refusal(of: send(type, payload, edit: edit, alter: alter), type.rawValue, statuses)
    }

    /// The refusal of a request that was sent (REQ-003): FINAL, of the request's type, with a fault.
    ///
    /// - Throws: `CaseStop.failed` where it is something else.
    @discardableResult package func refusal(
        of request: UInt64, _ type: UInt8, _ statuses: [WireStatus], within limit: Duration? = nil
    ) throws -> ProtobufFields {
        let due = statuses.map(\.description).joined(separator: " or ")
        let answer = try response(to: request, within: limit)
        try context.require(
            statuses.contains(answer.header.status),
            "\(answer.name) \(answer.header.status == .ok ? "was granted" : "came") where \(due) was due")
        try context.require(answer.isFinal, "the refusal \(answer.name) is not FINAL (REQ-003)")
        try context.require(
            answer.header.type == type, "the refusal \(answer.name) has not the request's type (REQ-003)")
        return try answer.fields()
    }

    /// Holds an EXECUTE whose batch was cancelled to its end with CANCELLED, after the answer to CANCEL.
    ///
    /// Results that came before that answer are passed over, and one whose frames were on their way (FRM-011).
    package func cancelled(_ request: UInt64) throws {
        pending.removeAll { $0.header.request == request && $0.type == .result }
        let next = try response(to: request)
        if next.type != .result { pending.insert(next, at: 0) }
        try refusal(of: request, MessageType.execute.rawValue, [.cancelled])
    }

    /// Holds the device to ending the link with one of these statuses, and forgetting it (FRM-006).
    ///
    /// A link that ends without ERROR passes as lenient at best; one that goes on fails.
    /// - Returns: the fault; without fields where there was no ERROR.
    @discardableResult package func expectEnd(_ statuses: [WireStatus]) throws -> ProtobufFields {
        let due = statuses.map(\.description).joined(separator: " or ")
        guard let error = try awaitEnding() else {
            if let loss {
                context.allow("the link just ended (\(loss)) where ERROR \(due) was due")
                return ProtobufFields()
            }
            transmit(frames(MessageType.ping.rawValue, [], sizes: [0])[0].bytes)
            guard let late = try awaitEnding() else {
                let found = dropped.first.map { "\($0.name) came" } ?? "nothing came"
                throw CaseStop.failed("\(found) where ERROR \(due) was due, and the link went on")
            }
            context.allow("the link was dropped in silence where ERROR \(due) was due; then came \(late.header.status)")
            return ProtobufFields()
        }
        try context.require(
            statuses.contains(error.header.status), "the link ended with \(error.header.status) where \(due) was due")
        try context.require(error.header.channel == .control, "ERROR came on channel 1 (section 5)")
        return try error.fields()
    }

    /// The counters.
    package func health() throws -> ProtobufFields { try ok(.get).fields() }

    private func name(_ type: MessageType) -> String { "\(type)".uppercased() }
}

extension CaseContext {
    /// A link that has said HELLO.
    package func greeted(limits: WireLimits = WireLimits()) throws -> RawClient {
        let client = try link()
        try client.greet(limits: limits)
        return client
    }

    /// A link with a session.
    package func opened(
        limits: WireLimits = WireLimits(), run: [UInt8]? = nil, label: String? = nil, credit: UInt64 = 1 << 40
    ) throws -> RawClient {
        let client = try greeted(limits: limits)
        try client.open(run: run, label: label, credit: credit)
        return client
    }

    /// A session on a fresh link that goes on with an old one.
    ///
    /// - Throws: `CaseStop.failed` where the device does not resume it.
    package func resumed(_ old: RawClient, credit: UInt64 = 1 << 40) throws -> (
        client: RawClient, reply: ProtobufFields
    ) {
        if target.sharing == .one { old.close() }
        let client = try greeted(limits: old.limits)
        let reply = try client.open(credit: credit, resuming: old)
        try require(reply.number(4) == 1 && client.session == old.session, "the session was not resumed (OPN-001)")
        return (client, reply)
    }

    /// A session that has the lease.
    package func leased(
        limits: WireLimits = WireLimits(), run: [UInt8]? = nil, label: String? = nil, credit: UInt64 = 1 << 40,
        milliseconds: Int = 30_000
    ) throws -> RawClient {
        let client = try opened(limits: limits, run: run, label: label, credit: credit)
        try client.acquire(milliseconds: milliseconds)
        return client
    }

    /// The sane exchange that shows a device alive: HELLO, OPEN, PING, CLOSE on a fresh link.
    package func proveLife() throws {
        let client = try opened()
        try client.settle()
        try client.end()
        client.close()
    }
}

extension DeviceClaims {
    /// What a device says of itself, asked on a fresh link.
    package init(asking context: CaseContext) throws {
        self.init()
        let client = try context.opened()
        greeting = client.greeting
        limits = try Self.limits(greeting)
        description = try client.ok(.describe).fields()
        let shape = try description.message(5)
        let numbers = (1...9).map { Int(truncatingIfNeeded: shape.number($0)) }
        geometry = ClaimedGeometry(
            neuronCircuits: numbers[0], signedInputsPerCircuit: numbers[1], inputChannels: numbers[2],
            weightLimit: numbers[3], cadcMaximum: numbers[4], minimumSamplePeriod: numbers[5],
            traceMemoryBytes: numbers[6], maximumEventsPerEntry: numbers[7], maximumEntriesPerBatch: numbers[8])
        if let parameters = try description.messages(8).first {
            bits = Int(truncatingIfNeeded: parameters.number(2))
            ranges = try parameters.messages(1).map {
                ClaimedRange(
                    allowedLower: $0.double(1) ?? 0, allowedUpper: $0.double(2) ?? 0,
                    codedLower: $0.double(3) ?? 0, codedUpper: $0.double(4) ?? 0, spacing: $0.number(5))
            }
        }
        try client.end()
    }

    /// The limits in a reply to HELLO.
    static func limits(_ greeting: ProtobufFields) throws -> WireLimits {
        let fields = try greeting.message(4)
        var limits = WireLimits()
        limits.framePayload = Int(truncatingIfNeeded: fields.number(1))
        limits.message = Int(truncatingIfNeeded: fields.number(2))
        limits.controlPayload = Int(truncatingIfNeeded: fields.number(3))
        limits.slots = Int(truncatingIfNeeded: fields.number(4))
        limits.resultsKept = Int(truncatingIfNeeded: fields.number(5))
        guard limits.framePayload >= 2_048, limits.framePayload <= 1 << 20, limits.message >= 2_048,
            limits.controlPayload >= 2_048, limits.slots >= 1, limits.resultsKept >= 1
        else { throw CaseStop.failed("the limits in the reply to HELLO are outside section 8: \(limits)") }
        return limits
    }
}
