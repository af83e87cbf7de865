import WireProtocol

/// Watches the frames between a host and a device, and holds the host to the rules that bind hosts.
///
/// It needs nothing of the host but its frames, so it judges any host; what a host does with a result it cannot see.
package struct HostInspector: Sendable {
    /// A rule: requirement, slash, a name, and what it says.
    package static let rules: [(id: String, title: String)] = [
        ("LNK-003/hello-first", "Every link begins with HELLO, and OPEN follows its answer"),
        ("FRM-010/host-numbers", "A host numbers its frames on a link from 0"),
        ("REQ-001/host-requests", "Requests of a session increase from 1; notices have number 0"),
        ("HEL-001/fresh-nonce", "Each HELLO has a nonce of 16 bytes that no other has"),
        ("HEL-003/offers-grease", "A host offers a feature that nobody knows"),
        ("HEL-004/own-nonce", "A host goes on only after an answer with its own nonce"),
        ("HEL-005/host-frames", "A host keeps the agreed frame limit"),
        ("HEL-005/host-messages", "A host keeps the agreed limits of messages"),
        ("HEL-007/host-in-one-frame", "HELLO and OPEN are one frame of at most 2 KiB each"),
        ("LSE-001/host-token", "What needs the lease carries the token of the last grant"),
        ("LSE-005/full-where-unknown", "Where the chip is not as a host knows it, weights go in full"),
        ("LSE-007/lease-counted-on", "A host counts on its lease for four fifths of the TTL"),
        ("WGT-005/full-after-mismatch", "After EPOCH_MISMATCH weights go in full"),
        ("CRD-001/host-credit", "The total of CREDIT never falls"),
        ("CRD-002/host-slots", "No more batches are under way than there are slots"),
        ("EXE-004/host-ack", "ACK reaches no batch whose result is still wanted"),
    ]

    /// What a host did wrong.
    package struct Violation: Sendable, Hashable {
        /// The rule's id.
        package var rule: String
        /// What happened.
        package var detail: String
    }

    private struct Link {
        var sequence: UInt64 = 0
        var nextFromDevice: UInt64 = 0
        var nonce: [UInt8] = []
        var isGreeted = false
        var limits = WireLimits()
        var offered = WireLimits()
        var credit: UInt64 = 0
        /// The session, once OPEN is answered.
        var session: UInt64?
        /// Number of the last request.
        var lastRequest: UInt64 = 0
        /// Requests without a final response.
        var sent: [UInt64: (type: MessageType, at: Duration, payload: [UInt8])] = [:]
        /// Batches between EXECUTE and the final response, by the number of the request.
        var underWay: [UInt64: UInt64] = [:]
    }

    /// What is known of a session over its links.
    private struct Session {
        var lastRequest: UInt64 = 0
        var lease: Lease?
        /// Batches whose result the host still wants: the numbers of their first and their last EXECUTE.
        var wanted: [UInt64: (first: UInt64, last: UInt64)] = [:]
        /// The run of OPEN, which is what the host is known by from session to session.
        var run: [UInt8] = []
    }

    /// What a host has written to the chip, in whichever session.
    private struct Written {
        /// The epoch that the host may take for the current one; `nil` where it does not know.
        var epoch: UInt64?
        /// The image of the last COMMIT.
        var imageChecksum: UInt64 = 0
        /// The last CONFIGURE payload.
        var configuration: [UInt8] = []
    }

    private struct Lease {
        var token: UInt32
        var ttl: Duration
        /// When the last request was sent that the device has confirmed.
        var confirmed: Duration
    }

    /// What went wrong so far, in order.
    package private(set) var violations: [Violation] = []
    /// How often each rule was applied: a rule that never was has shown nothing.
    package private(set) var applied: [String: Int] = [:]
    private var links: [Int: Link] = [:]
    private var nonces: Set<[UInt8]> = []
    private var sessions: [UInt64: Session] = [:]
    private var written: [[UInt8]: Written] = [:]

    /// Nothing was seen yet.
    package init() {}

    /// The host sent a frame on a link.
    package mutating func sent(_ bytes: [UInt8], on link: Int, at time: Duration) {
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()) else {
            return judge("FRM-010/host-numbers", false, "the host sent \(bytes.count) bytes that are no frame")
        }
        let header = frame.header
        var state = links[link] ?? Link()
        defer { links[link] = state }
        judge(
            "FRM-010/host-numbers", header.sequence == state.sequence,
            "frame \(header.sequence) came where \(state.sequence) was due")
        state.sequence = header.sequence &+ 1
        judge(
            "HEL-005/host-frames", frame.payload.count <= state.limits.framePayload,
            "a frame has \(frame.payload.count) bytes, \(state.limits.framePayload) were agreed")
        guard header.fragment == 0, let type = MessageType(rawValue: header.type) else { return }
        let limit = type.isBulk ? state.limits.message : state.limits.controlPayload
        judge(
            "HEL-005/host-messages", Int(header.totalLength) <= limit,
            "\(type) has \(header.totalLength) bytes, \(limit) were agreed")
        let payload = Array(frame.payload)
        let fields = (try? ProtobufFields(parsing: payload)) ?? ProtobufFields()
        number(header, type, payload, at: time, &state)
        if header.sequence == 0 {
            judge("LNK-003/hello-first", type == .hello, "the first frame of a link is \(type)")
        }
        if type == .hello || type == .open {
            judge(
                "HEL-007/host-in-one-frame", header.fragmentCount == 1 && header.totalLength <= 2_048,
                "\(type) has \(header.totalLength) bytes in \(header.fragmentCount) frames")
        }
        switch type {
        case .hello: greet(fields, &state)
        case .open:
            judge("LNK-003/hello-first", header.sequence > 0, "OPEN without HELLO")
            judge("HEL-004/own-nonce", state.isGreeted, "OPEN was sent without an answer to HELLO that has its nonce")
        case .credit:
            judge(
                "CRD-001/host-credit", fields.number(1) >= state.credit,
                "CREDIT fell from \(state.credit) to \(fields.number(1))")
            state.credit = fields.number(1)
        default: break
        }
        guard let id = state.session, var session = sessions[id] else { return }
        act(type, header, payload, fields, state.limits, &state.underWay, &session)
        if type.needsLease { useLease(header, type, at: time, session) }
        sessions[id] = session
    }

    /// A message within a session.
    private mutating func act(
        _ type: MessageType, _ header: FrameHeader, _ payload: [UInt8], _ fields: ProtobufFields, _ limits: WireLimits,
        _ underWay: inout [UInt64: UInt64], _ session: inout Session
    ) {
        switch type {
        case .ack:
            let first = session.wanted.values.map(\.first).min()
            judge(
                "EXE-004/host-ack", first.map { fields.number(1) < $0 } ?? true,
                "ACK of \(fields.number(1)) reaches request \(first ?? 0), whose result is wanted")
        case .configure:
            var chip = written[session.run, default: Written()]
            if payload != chip.configuration { chip.epoch = nil }
            chip.configuration = payload
            written[session.run] = chip
        case .weights: weights(payload, written[session.run]?.epoch)
        // A pipeline goes on from what it will have written; a refusal says that it has not.
        case .commit:
            written[session.run, default: Written()].epoch = fields.number(1)
            written[session.run, default: Written()].imageChecksum = fields.number(2)
        case .execute:
            let batch = fields.number(1)
            session.wanted[batch] = (session.wanted[batch]?.first ?? header.request, header.request)
            underWay[header.request] = batch
            let count = Set(underWay.values).count
            judge(
                "CRD-002/host-slots", count <= limits.slots,
                "\(count) batches are under way, there are \(limits.slots) slots")
        case .cancel: session.wanted[fields.number(1)] = nil
        default: break
        }
    }

    /// The device sent a frame on a link.
    package mutating func received(_ bytes: [UInt8], on link: Int, at time: Duration) {
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()), var state = links[link] else { return }
        defer { links[link] = state }
        let header = frame.header
        // A link may repeat a frame; a host drops it, and so must its judge.
        guard header.sequence >= state.nextFromDevice else { return }
        state.nextFromDevice = header.sequence &+ 1
        let request = state.sent[header.request]
        if header.status == .ok, header.flags.contains(.response), let request { confirmLease(request, state.session) }
        guard header.fragmentCount == 1 else { return }
        let fields = (try? ProtobufFields(parsing: frame.payload)) ?? ProtobufFields()
        if header.flags.contains(.final), let request { settle(request, header, &state) }
        if header.status == .ok, header.type == MessageType.hello.rawValue {
            guard fields.bytes(5) == state.nonce, !state.nonce.isEmpty else { return }
            state.isGreeted = true
            if let limits = try? DeviceClaims.limits(fields) { state.limits = state.offered.agreed(with: limits) }
        }
        if header.status == .ok, header.type == MessageType.open.rawValue, let request, request.type == .open {
            let id = fields.number(1)
            state.session = id
            let last = sessions[id]?.lastRequest ?? 0
            judge(
                "REQ-001/host-requests", header.request > last,
                "OPEN has number \(header.request), the session that it resumes went to \(last)")
            let open = (try? ProtobufFields(parsing: request.payload)) ?? ProtobufFields()
            sessions[id, default: Session(run: open.bytes(1))].lastRequest = max(last, header.request)
            state.credit = open.number(5)
            // What the device does not hold any more, an ACK can do no harm to.
            let held = Set(((try? fields.messages(5)) ?? []).map { $0.number(1) })
            let wanted = sessions[id]?.wanted ?? [:]
            sessions[id]?.wanted = wanted.filter { held.contains($0.key) }
            // Requests of a former link have no response to come.
            state.underWay = [:]
        }
        guard let id = state.session, var session = sessions[id] else { return }
        defer { sessions[id] = session }
        guard header.status == .ok else {
            if header.status == .epochMismatch, request?.type != .stage { written[session.run]?.epoch = nil }
            if [.leaseExpired, .fenced].contains(header.status) { session.lease = nil }
            return
        }
        // An answer that comes a second time is nothing to a host.
        if header.type == MessageType.acquire.rawValue, request != nil {
            session.lease = Lease(
                token: UInt32(truncatingIfNeeded: fields.number(1)),
                ttl: .milliseconds(Int64(truncatingIfNeeded: min(fields.number(2), 1 << 40))),
                confirmed: request?.at ?? time)
            let told = (try? fields.message(3)) ?? ProtobufFields()
            if let known = written[session.run],
                told.number(2) != known.epoch || told.number(3) != known.imageChecksum
            {
                written[session.run]?.epoch = nil
            }
        }
    }

    private mutating func judge(_ rule: String, _ holds: Bool, _ detail: @autoclosure () -> String) {
        applied[rule, default: 0] += 1
        if !holds { violations.append(Violation(rule: rule, detail: detail())) }
    }

    private mutating func greet(_ fields: ProtobufFields, _ state: inout Link) {
        let nonce = fields.bytes(5)
        judge(
            "HEL-001/fresh-nonce", nonce.count == 16 && !nonces.contains(nonce), "nonce \(Hex.text(nonce)) is not fresh"
        )
        nonces.insert(nonce)
        state.nonce = nonce
        if let limits = try? DeviceClaims.limits(ProtobufFields.wrapping(fields.bytes(4))) { state.offered = limits }
        let features = fields.values(2).compactMap {
            if case .bytes(let bytes) = $0 { String(decoding: bytes, as: UTF8.self) } else { nil }
        }
        judge("HEL-003/offers-grease", features.contains { $0.hasPrefix("grease.") }, "HELLO offers \(features)")
    }

    private mutating func number(
        _ header: FrameHeader, _ type: MessageType, _ payload: [UInt8], at time: Duration, _ state: inout Link
    ) {
        let rule = "REQ-001/host-requests"
        if type.isNotice { return judge(rule, header.request == 0, "notice \(type) has number \(header.request)") }
        // HELLO and OPEN take part, but their session is known only when OPEN is answered.
        let last = max(state.lastRequest, state.session.flatMap { sessions[$0]?.lastRequest } ?? 0)
        judge(rule, header.request > last, "request \(header.request) follows \(last)")
        state.lastRequest = header.request
        if let id = state.session { sessions[id]?.lastRequest = header.request }
        state.sent[header.request] = (type, time, payload)
    }

    private mutating func useLease(_ header: FrameHeader, _ type: MessageType, at time: Duration, _ session: Session) {
        guard let lease = session.lease else { return }
        judge(
            "LSE-001/host-token", header.token == lease.token,
            "\(type) carries token \(header.token), \(lease.token) was granted")
        let age = time - lease.confirmed
        judge(
            "LSE-007/lease-counted-on", age <= lease.ttl * 4 / 5,
            "\(type) was sent \(age.inSeconds) s after what confirmed a lease of \(lease.ttl.inSeconds) s")
    }

    /// A request under the lease went well, as its first response says already.
    private mutating func confirmLease(
        _ request: (type: MessageType, at: Duration, payload: [UInt8]), _ id: UInt64?
    ) {
        guard request.type.needsLease, let id, let confirmed = sessions[id]?.lease?.confirmed else { return }
        sessions[id]?.lease?.confirmed = max(confirmed, request.at)
    }

    /// A request has its final response.
    private mutating func settle(
        _ request: (type: MessageType, at: Duration, payload: [UInt8]), _ header: FrameHeader, _ state: inout Link
    ) {
        state.sent[header.request] = nil
        let batch = state.underWay.removeValue(forKey: header.request)
        guard let id = state.session, var session = sessions[id] else { return }
        defer { sessions[id] = session }
        if let batch, session.wanted[batch]?.last == header.request { session.wanted[batch] = nil }
        if request.type == .release || request.type == .close { session.lease = nil }
    }

    private mutating func weights(_ payload: [UInt8], _ epoch: UInt64?) {
        guard payload.count >= 12 else { return }
        var reader = ByteReader(payload[8..<12])
        let base = UInt64((try? reader.read(UInt32.self)) ?? 0)
        let isFull = payload[0] == 1
        if let epoch {
            judge(
                "LSE-005/full-where-unknown", isFull || base == epoch,
                "a delta against epoch \(base), the chip has \(epoch)")
        } else {
            judge("WGT-005/full-after-mismatch", isFull, "a delta where the host cannot know the image")
            judge("LSE-005/full-where-unknown", isFull, "a delta where the host cannot know the image")
        }
    }
}

extension ProtobufFields {
    /// A message that holds some bytes as its field 4, as HELLO and its reply hold limits.
    fileprivate static func wrapping(_ bytes: [UInt8]) -> ProtobufFields {
        var fields = ProtobufFields()
        fields.add(4, bytes: bytes)
        return fields
    }
}
