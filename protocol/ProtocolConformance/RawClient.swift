package import WireProtocol

/// A host of the suite on one link: it keeps the rules until a case tells it not to, and believes nothing.
package final class RawClient {
    /// Number of the link within the case, from 1.
    package let number: Int
    /// The case.
    package let context: CaseContext
    private let link: any DeviceLink
    private var framing = DeviceFraming()
    var pending: [DeviceMessage] = []
    /// What came while the end of the link was awaited.
    private(set) var dropped: [DeviceMessage] = []
    /// Requests of PING that were sent for the link's sake: nobody asks for their answers.
    private var heartbeats: Set<UInt64> = []
    private var lastSent = Duration.zero
    /// Why the device takes no more; what it sent before it went, an ERROR mostly, can still be read.
    private var deafness: String?

    /// The number of the next frame.
    package var sequence: UInt64 = 0
    /// The number of the next request.
    package var nextRequest: UInt64 = 1
    /// The session; 0 until OPEN is answered.
    package var session: UInt64 = 0
    /// What resumes the session.
    package var resumeToken: [UInt8] = []
    /// The run that OPEN named.
    package var run: [UInt8] = []
    /// Fencing token of the lease; 0 without one.
    package var token: UInt32 = 0
    /// What this side states in HELLO, and holds the device's frames against.
    package var limits = WireLimits()
    /// The smaller of both sides' limits, once HELLO is answered.
    package var agreed = WireLimits()
    /// The reply to HELLO.
    package var greeting = ProtobufFields()
    /// The ERROR that ended the link.
    package private(set) var ending: DeviceMessage?
    /// Why the carrier has gone, if it has.
    package private(set) var loss: String?
    /// What this client has written to the chip.
    package var chip = WrittenChip()

    /// How long a batch may take that keeps the chip busy: no requirement says how fast a chip is, and a toy in Python on a
    /// busy machine took 80 s. Below the limit of a case.
    package static let longBatchLimit = Duration.seconds(150)

    /// How long a link that waits is quiet (section 8).
    private static let heartbeat = Duration.seconds(1)

    init(_ link: any DeviceLink, number: Int, context: CaseContext) {
        self.link = link
        self.number = number
        self.context = context
        context.record(.opened, link: number)
    }

    /// Whether nothing more can come.
    package var isGone: Bool { ending != nil || loss != nil }

    /// Ends the link.
    package func close() {
        guard loss == nil else { return }
        loss = "closed by the suite"
        context.record(.closed, link: number)
        link.close()
    }

    // Sending.

    /// The header of the next frame of a type; a request takes its number when it is sent.
    package func header(_ type: UInt8) -> FrameHeader {
        var header = FrameHeader(type: type)
        header.session = session
        header.sequence = sequence
        let known = MessageType(rawValue: type)
        header.channel = known?.isBulk == true ? .data : .control
        header.token = known?.needsLease == true ? token : 0
        header.request = known?.isNotice == true ? 0 : nextRequest
        return header
    }

    /// Sends a message, split where the agreed limit asks for it, and returns the number of its request.
    ///
    /// - Parameters:
    ///   - edit: changes the header of each frame before its checksum is computed.
    ///   - alter: changes the bytes of each frame.
    @discardableResult package func send(
        _ type: MessageType, _ payload: [UInt8] = [], edit: (inout FrameHeader) -> Void = { _ in },
        alter: (inout [UInt8]) -> Void = { _ in }
    ) -> UInt64 {
        let size = agreed.framePayload
        let sizes = stride(from: 0, to: max(1, payload.count), by: size).map { min(size, payload.count - $0) }
        return send(type.rawValue, payload, sizes: sizes, edit: { edit(&$1) }, alter: { alter(&$1) })
    }

    /// Sends a message in fragments of these sizes; `edit` and `alter` get the fragment's index too.
    @discardableResult package func send(
        _ type: UInt8, _ payload: [UInt8], sizes: [Int], edit: (Int, inout FrameHeader) -> Void = { _, _ in },
        alter: (Int, inout [UInt8]) -> Void = { _, _ in }
    ) -> UInt64 {
        var request: UInt64 = 0
        for (index, frame) in frames(type, payload, sizes: sizes, edit: edit).enumerated() {
            var bytes = frame.bytes
            alter(index, &bytes)
            transmit(bytes)
            request = frame.request
        }
        return request
    }

    /// The frames of a message, numbered on from the last; they count as sent.
    package func frames(
        _ type: UInt8, _ payload: [UInt8], sizes: [Int], edit: (Int, inout FrameHeader) -> Void = { _, _ in }
    ) -> [(bytes: [UInt8], request: UInt64)] {
        var start = 0
        var list: [(bytes: [UInt8], request: UInt64)] = []
        var header = header(type)
        if header.request != 0 { nextRequest = max(nextRequest, header.request) + 1 }
        for (index, size) in sizes.enumerated() {
            header.sequence = sequence
            sequence += 1
            header.fragment = UInt16(truncatingIfNeeded: index)
            header.fragmentCount = UInt16(truncatingIfNeeded: sizes.count)
            header.totalLength = UInt32(payload.count)
            var edited = header
            edit(index, &edited)
            list.append((Frame.encode(edited, payload: payload[start..<start + size]), edited.request))
            start += size
        }
        return list
    }

    /// Sends bytes as they are.
    package func transmit(_ frame: [UInt8]) {
        context.record(.sent(frame), link: number)
        lastSent = context.now
        guard loss == nil, deafness == nil else { return }
        do {
            try link.send(frame)
        } catch {
            deafness = "\(error)"
        }
    }

    private func lose(_ reason: String) {
        loss = reason
        context.record(.lost(reason), link: number)
    }

    // Receiving.

    /// The next message that no one has asked for yet; `nil` when none came in time or the link has gone.
    ///
    /// - Throws: `CaseStop.failed` where a frame breaks the protocol.
    package func next(within limit: Duration? = nil) throws -> DeviceMessage? {
        if !pending.isEmpty { return pending.removeFirst() }
        return try arrival(within: limit ?? context.patience)
    }

    private func arrival(within limit: Duration) throws -> DeviceMessage? {
        let deadline = context.now + limit
        while loss == nil {
            try context.checkLimit()
            let frame: [UInt8]?
            do {
                frame = try link.receive(within: max(.zero, deadline - context.now))
            } catch {
                lose("\(error)")
                return nil
            }
            guard let frame else {
                if let deafness { lose(deafness) }
                return nil
            }
            context.record(.received(frame), link: number)
            guard
                let message = try framing.take(frame, limits: limits, session: session, at: context.now)
            else { continue }
            if heartbeats.remove(message.header.request) != nil { continue }
            if message.type == .error { ending = message }
            return message
        }
        return nil
    }

    /// The next response to a request; other messages are kept for whoever asks for them.
    ///
    /// Who waits for longer than an answer takes, such as for a batch, says PING meanwhile: a device may take a link for dead
    /// that is silent for 3 s (section 8).
    ///
    /// - Throws: `CaseStop.failed` where none comes in time, or the link ends.
    package func response(to request: UInt64, within limit: Duration? = nil) throws -> DeviceMessage {
        if let index = pending.firstIndex(where: { $0.header.request == request && $0.type != .error }) {
            return pending.remove(at: index)
        }
        let deadline = context.now + (limit ?? context.patience)
        let isLong = session != 0 && (limit ?? context.patience) > context.patience
        while true {
            if isLong, loss == nil, context.now >= lastSent + Self.heartbeat { heartbeats.insert(send(.ping)) }
            let end = isLong ? min(deadline, lastSent + Self.heartbeat) : deadline
            guard let message = try arrival(within: max(.zero, end - context.now)) else {
                if isLong, loss == nil, context.now < deadline { continue }
                break
            }
            if message.type == .error {
                let reason = try message.fields().text(1)
                throw CaseStop.failed(
                    "the device ended the link with \(message.header.status) (\"\(reason)\") where request \(request) "
                        + "was to be answered")
            }
            if message.header.request == request { return message }
            pending.append(message)
        }
        throw CaseStop.failed(
            loss.map { "the link went away where request \(request) was to be answered: \($0)" }
                ?? "request \(request) was not answered within \((limit ?? context.patience).inSeconds) s (REQ-002)")
    }

    /// The ERROR that ends the link, if it comes in time; messages before it are dropped.
    package func awaitEnding() throws -> DeviceMessage? {
        dropped += pending
        pending = []
        let deadline = context.now + context.patience
        while ending == nil, let message = try arrival(within: max(.zero, deadline - context.now)) {
            if message.type != .error { dropped.append(message) }
        }
        return ending
    }

    /// Goes on with a link that the device has ended, to see what it makes of more frames.
    package func forgetEnding() { ending = nil }

    /// All messages before the answer to a PING that is sent now: what has been answered until here.
    ///
    /// - Throws: `CaseStop.failed` where PING is not answered.
    @discardableResult package func settle() throws -> [DeviceMessage] {
        let request = send(.ping)
        let answer = try response(to: request)
        guard answer.type == .ping, answer.header.status == .ok, answer.isFinal else {
            throw CaseStop.failed("PING was answered by \(answer.name)")
        }
        defer { pending = [] }
        return pending
    }
}

extension RawClient {
    /// Takes in all that comes before the answer to a PING, and keeps it for whoever asks for it.
    package func settleKeeping() throws {
        let request = send(.ping)
        let answer = try response(to: request)
        try context.require(answer.type == .ping, "PING was answered by \(answer.name)")
    }

    /// Whether the final response to a request has come and was not asked for yet.
    package func hasFinal(for request: UInt64) -> Bool {
        pending.contains { $0.header.request == request && $0.isFinal }
    }
}

/// What a client has written to the chip, as far as EXECUTE has to name it.
package struct WrittenChip {
    /// SHA-256 of the CONFIGURE payload.
    package var configurationHash: [UInt8] = []
    /// The epoch that was committed last.
    package var epoch: UInt32 = 0
    /// The weight codes of that epoch.
    package var image: [Int8] = []
    /// A chip with this on it.
    package init(configurationHash: [UInt8] = [], epoch: UInt32 = 0, image: [Int8] = []) {
        self.configurationHash = configurationHash
        self.epoch = epoch
        self.image = image
    }

    /// CRC32C of the image.
    package var imageChecksum: UInt32 { CRC32C.checksum(image: image) }
}
