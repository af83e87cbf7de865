import WireProtocol

/// Every frame of a case, with its time, in the order in which the suite saw them: what verdicts are drawn from.
package struct Capture: Sendable, Hashable {
    /// A line of a capture.
    package struct Record: Sendable, Hashable {
        /// What happened.
        package enum Event: Sendable, Hashable {
            /// A link was opened.
            case opened
            /// The suite sent a frame.
            case sent([UInt8])
            /// The device sent a frame.
            case received([UInt8])
            /// The suite closed the link.
            case closed
            /// The link ended by itself.
            case lost(String)
            /// Something that the suite has to say.
            case note(String)
        }

        /// Time since the case began.
        package var time: Duration
        /// Number of the link within the case, from 1; 0 for what belongs to none.
        package var link: Int
        /// What happened.
        package var event: Event
    }

    /// The records.
    package private(set) var records: [Record] = []
    private var bytes = 0
    /// Frames beyond these many bytes are kept as their first kilobyte: a flood must not fill the memory.
    private static let limit = 64 << 20

    /// Nothing yet.
    package init() {}

    /// Adds a record.
    package mutating func add(_ event: Record.Event, link: Int, at time: Duration) {
        var event = event
        if case .sent(let frame) = event {
            bytes += frame.count
            if bytes > Self.limit { event = .sent(Array(frame.prefix(1_024))) }
        }
        if case .received(let frame) = event {
            bytes += frame.count
            if bytes > Self.limit { event = .received(Array(frame.prefix(1_024))) }
        }
        records.append(Record(time: time, link: link, event: event))
    }

    /// The capture as text: a line a record, with microseconds, link, event and bytes; `#` begins a comment.
    package func text(heading: [String]) -> String {
        var lines = heading.map { "# " + $0 }
        for record in records {
            let time = record.time.microseconds
            switch record.event {
            case .opened: lines.append("\(time) \(record.link) opened")
            case .sent(let frame): lines.append("\(time) \(record.link) sent \(Hex.text(frame))")
            case .received(let frame): lines.append("\(time) \(record.link) received \(Hex.text(frame))")
            case .closed: lines.append("\(time) \(record.link) closed")
            case .lost(let reason): lines.append("\(time) \(record.link) lost \(reason)")
            case .note(let text): lines.append("\(time) \(record.link) note \(text)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

/// Bytes as hexadecimal digits.
package enum Hex {
    /// The digits, without spaces.
    package static func text(_ bytes: some Sequence<UInt8>) -> String {
        var digits: [UInt8] = []
        for byte in bytes {
            digits.append(digit(byte >> 4))
            digits.append(digit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }

    /// The bytes of digits; `nil` where they are none.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 48...57: digit - 48
        case 65...70: digit - 55
        case 97...102: digit - 87
        default: nil
        }
    }
}

extension Duration {
    /// Whole microseconds.
    var microseconds: Int64 {
        components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000
    }

    /// Seconds.
    package var inSeconds: Double { self / .seconds(1) }
}
