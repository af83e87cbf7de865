/// A whole message: the header of its first frame and its payload.
package struct WireMessage: Sendable {
    /// The header of the first frame.
    package var header: FrameHeader
    /// The payload over all fragments.
    package var payload: ArraySlice<UInt8>
    /// CRC32C of the payload; zero when it is empty.
    package var payloadChecksum: UInt32
    /// Bytes of all its frames.
    package var frameBytes: Int
}

/// The framing of one link: numbers frames, splits messages, puts them together again (`protocol/SPEC.md`, section 4).
package struct LinkFraming: Sendable {
    /// What both sides accept.
    package var limits: WireLimits
    private var nextSent: UInt64 = 0
    private var nextReceived: UInt64 = 0
    private var partial: [FrameHeader.Channel: WireMessage] = [:]

    /// The framing of a fresh link.
    package init(limits: WireLimits) { self.limits = limits }

    /// The frames of a message, in order.
    ///
    /// Traps if the message is longer than the limit: whoever builds one holds it against the limit first.
    package mutating func frames(
        _ header: FrameHeader, payload: ArraySlice<UInt8>
    ) -> [[UInt8]] {
        precondition(
            payload.count <= limits.message,
            "a message of \(payload.count) bytes is above the limit of \(limits.message)")
        let count = max(1, (payload.count + limits.framePayload - 1) / limits.framePayload)
        return (0..<count).map { index in
            let start = payload.startIndex + index * limits.framePayload
            let end = min(start + limits.framePayload, payload.endIndex)
            return frame(header, fragment: index, of: count, total: payload.count, payload[start..<end])
        }
    }

    /// One frame of a message whose other frames are sent separately.
    package mutating func frame(
        _ header: FrameHeader, fragment: Int, of count: Int, total: Int, _ payload: ArraySlice<UInt8>
    ) -> [UInt8] {
        Frame.encode(number(header, fragment: fragment, of: count, total: total), payload: payload)
    }

    /// The frame of a message that is one frame; its bytes stay where they are.
    package mutating func frame(_ header: FrameHeader, whole payload: inout FramedPayload) -> [UInt8] {
        payload.frame(number(header, fragment: 0, of: 1, total: payload.count))
    }

    private mutating func number(
        _ header: FrameHeader, fragment: Int, of count: Int, total: Int
    ) -> FrameHeader {
        var header = header
        header.fragment = UInt16(fragment)
        header.fragmentCount = UInt16(count)
        header.totalLength = UInt32(total)
        header.sequence = nextSent
        nextSent += 1
        return header
    }

    /// What a frame that arrived is.
    package enum Arrival {
        /// It completes a message.
        case message(WireMessage)
        /// More fragments follow.
        case partial
        /// It has been here before.
        case repeated
        /// Frames before it are missing: the number that was expected.
        case gap(expected: UInt64)
    }

    /// Takes a frame that arrived.
    ///
    /// - Throws: `badFragment`, `tooLarge`.
    package mutating func accept(_ frame: Frame) throws(WireError) -> Arrival {
        let header = frame.header
        guard header.sequence >= nextReceived else { return .repeated }
        guard header.sequence == nextReceived else { return .gap(expected: nextReceived) }
        nextReceived += 1
        try check(header)
        let frameBytes =
            FrameHeader.byteCount + frame.payload.count
            + (frame.payload.isEmpty ? 0 : FrameHeader.trailerByteCount)
        if header.fragmentCount == 1 {
            guard partial[header.channel] == nil else {
                throw WireError(.badFragment, at: 12, expected: 1, found: 0)
            }
            return .message(
                WireMessage(
                    header: header, payload: frame.payload,
                    payloadChecksum: frame.payloadChecksum, frameBytes: frameBytes))
        }
        return try assemble(frame, frameBytes: frameBytes)
    }

    /// Holds the lengths of a frame against each other and against the limits, before anything is kept.
    private func check(_ header: FrameHeader) throws(WireError) {
        let bulk = MessageType(rawValue: header.type)?.isBulk ?? false
        let limit = bulk ? limits.message : limits.controlPayload
        guard Int(header.totalLength) <= limit else {
            throw WireError(
                .tooLarge, at: 48, expected: UInt64(limit), found: UInt64(header.totalLength))
        }
        guard header.fragmentCount > 0, header.fragment < header.fragmentCount else {
            throw WireError(
                .badFragment, at: 12, expected: UInt64(header.fragmentCount),
                found: UInt64(header.fragment))
        }
        guard header.payloadLength <= header.totalLength,
            header.fragmentCount > 1 || header.payloadLength == header.totalLength
        else {
            throw WireError(
                .badFragment, at: 48, expected: UInt64(header.payloadLength),
                found: UInt64(header.totalLength))
        }
        guard header.fragmentCount == 1 || header.payloadLength > 0 else {
            throw WireError(.badFragment, at: 8, expected: 1, found: 0)
        }
    }

    /// Whether a fragment comes next after another of its message: their headers are equal but for what numbers and
    /// measures a fragment (FRM-011).
    private static func continues(_ former: FrameHeader, _ next: FrameHeader) -> Bool {
        var due = former
        due.fragment &+= 1
        due.sequence = next.sequence
        due.payloadLength = next.payloadLength
        return due == next
    }

    private mutating func assemble(
        _ frame: Frame, frameBytes: Int
    ) throws(WireError) -> Arrival {
        let header = frame.header
        var message: WireMessage
        if header.fragment == 0 {
            guard partial[header.channel] == nil else {
                throw WireError(.badFragment, at: 12, expected: 1, found: 0)
            }
            message = WireMessage(header: header, payload: [], payloadChecksum: 0, frameBytes: 0)
        } else {
            guard let begun = partial.removeValue(forKey: header.channel) else {
                throw WireError(
                    .badFragment, at: 12, expected: 0, found: UInt64(header.fragment))
            }
            message = begun
            guard Self.continues(message.header, header) else {
                throw WireError(
                    .badFragment, at: 12, expected: UInt64(message.header.fragment) + 1,
                    found: UInt64(header.fragment))
            }
        }
        message.header.fragment = header.fragment
        message.payload.append(contentsOf: frame.payload)
        message.frameBytes += frameBytes
        guard message.payload.count <= Int(header.totalLength) else {
            throw WireError(
                .badFragment, at: 48, expected: UInt64(header.totalLength),
                found: UInt64(message.payload.count))
        }
        guard header.fragment + 1 == header.fragmentCount else {
            partial[header.channel] = message
            return .partial
        }
        guard message.payload.count == Int(header.totalLength) else {
            throw WireError(
                .badFragment, at: 48, expected: UInt64(header.totalLength),
                found: UInt64(message.payload.count))
        }
        message.payloadChecksum = CRC32C.checksum(message.payload)
        return .message(message)
    }
}
