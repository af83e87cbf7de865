import WireProtocol

/// Frames and captures in words: what `volley-conformance decode` prints, and what reports show of a failed case.
package enum FrameText {
    /// A frame in a line: direction is the caller's to add.
    package static func line(_ bytes: [UInt8]) -> String {
        let header: FrameHeader
        do {
            header = try FrameHeader(parsing: bytes)
        } catch {
            return "\(bytes.count) bytes that are no frame: \(error); \(Hex.text(bytes.prefix(24)))"
        }
        var words = [name(of: header.type)]
        if header.flags.contains(.response) { words.append("response") }
        if header.flags.contains(.final) { words.append("final") }
        if header.flags.contains(.duplicate) { words.append("duplicate") }
        if header.status != .ok { words.append("\(header.status)") }
        words.append("#\(header.sequence)")
        if header.request != 0 { words.append("request \(header.request)") }
        if header.token != 0 { words.append("token \(header.token)") }
        if header.fragmentCount != 1 { words.append("fragment \(header.fragment)/\(header.fragmentCount)") }
        if header.payloadLength > 0 { words.append("\(header.payloadLength) bytes") }
        if case .failure(let error) = Result(catching: { () throws(WireError) in
            try Frame(parsing: bytes, limits: WireLimits())
        }) {
            words.append("[\(error)]")
        }
        return words.joined(separator: " ")
    }

    /// A frame in full: every field of the header, then the payload, control messages by field number.
    package static func lines(_ bytes: [UInt8]) -> [String] {
        var lines = [line(bytes)]
        if let header = try? FrameHeader(parsing: bytes) {
            lines.append(
                "  session \(String(header.session, radix: 16)), channel \(header.channel.rawValue), total "
                    + "\(header.totalLength) bytes, deadline \(header.deadline) ms")
        }
        guard let frame = try? Frame(parsing: bytes, limits: WireLimits()), !frame.payload.isEmpty else { return lines }
        let isBulk = frame.header.status == .ok && MessageType(rawValue: frame.header.type)?.isBulk == true
        if !isBulk, frame.header.fragmentCount == 1, let fields = try? ProtobufFields(parsing: frame.payload) {
            return lines + text(fields, indent: "  ", depth: 0)
        }
        return lines + dump(Array(frame.payload))
    }

    /// The name of a message type.
    private static func name(of type: UInt8) -> String {
        MessageType(rawValue: type).map { "\($0)".uppercased() } ?? "type 0x" + String(type, radix: 16)
    }

    /// Fields, nested ones further to the right.
    private static func text(_ fields: ProtobufFields, indent: String, depth: Int) -> [String] {
        fields.fields.flatMap { field -> [String] in
            let head = "\(indent)\(field.number): "
            switch field.value {
            case .varint(let value): return [head + "\(value)"]
            case .fixed32(let value): return [head + "0x" + String(value, radix: 16)]
            case .fixed64(let value):
                return [head + "0x" + String(value, radix: 16) + " (\(Double(bitPattern: value)))"]
            case .bytes(let bytes):
                if bytes.allSatisfy({ 32...126 ~= $0 }) {
                    return [head + "\"\(String(decoding: bytes, as: UTF8.self))\""]
                }
                if depth < 4, let inner = try? ProtobufFields(parsing: bytes) {
                    return [head + "{"] + text(inner, indent: indent + "  ", depth: depth + 1) + [indent + "}"]
                }
                return [head + Hex.text(bytes)]
            }
        }
    }

    /// Bytes, sixteen a line, with their offsets; the first kilobyte.
    private static func dump(_ bytes: [UInt8]) -> [String] {
        let shown = bytes.prefix(1_024)
        var lines = stride(from: 0, to: shown.count, by: 16).map { start in
            let offset = String(start, radix: 16)
            let row = shown[start..<min(start + 16, shown.count)].map { Hex.text([$0]) }.joined(separator: " ")
            return "  " + String(repeating: "0", count: max(0, 4 - offset.count)) + offset + "  " + row
        }
        if bytes.count > shown.count { lines.append("  ... \(bytes.count - shown.count) bytes more") }
        return lines
    }
}

extension Capture {
    /// The capture in words, a line a record.
    package var story: [String] {
        records.map { record in
            let head = "\(record.time.secondsText) link \(record.link) "
            switch record.event {
            case .opened: return head + "opened"
            case .sent(let frame): return head + "-> " + FrameText.line(frame)
            case .received(let frame): return head + "<- " + FrameText.line(frame)
            case .closed: return head + "closed"
            case .lost(let reason): return head + "lost: \(reason)"
            case .note(let text): return "\(record.time.secondsText) note: \(text)"
            }
        }
    }
}
