package import WireProtocol

/// A message from the device, put together from its frames, with what the capture knows of it.
package struct DeviceMessage: Sendable {
    /// The header of its first frame.
    package var header: FrameHeader
    /// The payload over all fragments.
    package var payload: [UInt8]
    /// Payload bytes of each frame, in order.
    package var fragments: [Int]
    /// When its last frame arrived, since the case began.
    package var time: Duration

    /// Its type, where that is known.
    package var type: MessageType? { MessageType(rawValue: header.type) }

    /// Whether it is the last message for its request.
    package var isFinal: Bool { header.flags.contains(.final) }

    /// The fields of a control payload.
    ///
    /// - Throws: `CaseStop.failed` where it cannot be parsed.
    package func fields() throws -> ProtobufFields {
        do {
            return try ProtobufFields(parsing: payload)
        } catch {
            throw CaseStop.failed("the payload of \(name) cannot be parsed: \(error)")
        }
    }

    /// Type and status, for verdicts.
    package var name: String {
        let kind = type.map { "\($0)".uppercased() } ?? "type 0x" + String(header.type, radix: 16)
        return header.status == .ok ? kind : "\(kind) with status \(header.status)"
    }
}

/// Puts the frames of a device together, and holds every one of them against the rules for frames.
struct DeviceFraming {
    private var nextSequence: UInt64 = 0
    /// The last ERROR: a link may deliver it twice, and it is acted on whatever its number (FRM-010).
    private var lastError: [UInt8] = []
    private var partial: [FrameHeader.Channel: DeviceMessage] = [:]

    /// Takes a frame; `nil` while more fragments have to come.
    ///
    /// - Throws: `CaseStop.failed` with the requirement that the frame breaks.
    mutating func take(
        _ bytes: [UInt8], limits: WireLimits, session: UInt64, at time: Duration
    ) throws -> DeviceMessage? {
        let frame: Frame
        do {
            frame = try Frame(parsing: bytes, limits: limits)
        } catch {
            throw CaseStop.failed(
                "the device sent a frame of \(bytes.count) bytes that is none: \(error) (FRM-001 to FRM-007)")
        }
        let header = frame.header
        let name = "a frame of type 0x" + String(header.type, radix: 16)
        if header.type == MessageType.error.rawValue {
            if bytes == lastError { return nil }
            lastError = bytes
        } else {
            // A link may repeat a frame (LNK-001); that is not the device's doing.
            if header.sequence < nextSequence { return nil }
            guard header.sequence == nextSequence else {
                throw CaseStop.failed(
                    "the device sent \(name) with number \(header.sequence), \(nextSequence) was due (FRM-010)")
            }
            nextSequence += 1
            guard session == 0 || header.session == session else {
                throw CaseStop.failed(
                    "the device sent \(name) with session \(header.session) in session \(session) (REQ-007)")
            }
        }
        try Self.check(header, name)
        if header.fragmentCount == 1 {
            guard partial[header.channel] == nil, header.fragment == 0, header.totalLength == header.payloadLength
            else {
                throw CaseStop.failed("the device sent \(name) that does not add up with its fragments (FRM-012)")
            }
            return DeviceMessage(
                header: header, payload: Array(frame.payload), fragments: [frame.payload.count], time: time)
        }
        return try assemble(frame, name, at: time)
    }

    /// Rules for headers of devices: section 5 and REQ-002.
    private static func check(_ header: FrameHeader, _ name: String) throws {
        guard let type = MessageType(rawValue: header.type) else { return }
        let isNotice = type == .goAway || type == .error
        guard isNotice != header.flags.contains(.response) else {
            throw CaseStop.failed("the device sent \(name) with flags \(header.flags.rawValue) (REQ-002)")
        }
        guard (header.channel == .data) == (type == .result && header.status == .ok) else {
            throw CaseStop.failed("the device sent \(name) on channel \(header.channel.rawValue) (section 5)")
        }
    }

    private mutating func assemble(_ frame: Frame, _ name: String, at time: Duration) throws -> DeviceMessage? {
        let header = frame.header
        var message =
            partial.removeValue(forKey: header.channel)
            ?? DeviceMessage(header: header, payload: [], fragments: [], time: time)
        guard Int(header.fragment) == message.fragments.count, header.fragment < header.fragmentCount,
            header.fragmentCount == message.header.fragmentCount, !frame.payload.isEmpty,
            header.totalLength == message.header.totalLength, header.type == message.header.type,
            header.request == message.header.request
        else {
            throw CaseStop.failed(
                "the device sent \(name) as fragment \(header.fragment) of \(header.fragmentCount), which does not "
                    + "continue its message (FRM-011)")
        }
        message.payload += frame.payload
        message.fragments.append(frame.payload.count)
        message.time = time
        guard header.fragment + 1 == header.fragmentCount else {
            partial[header.channel] = message
            return nil
        }
        guard message.payload.count == Int(header.totalLength) else {
            throw CaseStop.failed("the fragments of \(name) do not add up to their total length (FRM-012)")
        }
        return message
    }
}
