/// Cuts the bytes of a ZeroMQ peer into frames: ZMTP 3 (ZeroMQ RFC 23 and 37) without encryption, for messages of one part.
///
/// Every length is held against its limit before anything is kept for it.
package struct ZMTPCutter: Sendable {
    /// What the bytes hold.
    package enum Arrival: Sendable, Equatable {
        /// The end of the peer's handshake.
        case ready
        /// A message of one part; those of several are no frames and are dropped.
        case frame([UInt8])
        /// A question whether we are there, with what the answer has to repeat.
        case ping(context: [UInt8])
    }

    /// The peer speaks something else, breaks the rules, or says that we do.
    package struct Violation: Error {}

    /// What stands before a part.
    private struct Head {
        var hasMore: Bool
        var isCommand: Bool
        var length: Int
    }

    private enum Phase {
        case greeting
        case handshake
        case traffic
    }

    /// Longest frame, in bytes, from the next one on.
    package var frameLimit: Int
    private var phase = Phase.greeting
    private var bytes: [UInt8] = []
    private var begin = 0
    /// The head of the part that has begun, and as much of the part as has come.
    private var head: Head?
    private var part: [UInt8] = []
    private var isDropping = false
    /// Longest command; what libzmq sends is below 300 bytes.
    private static let commandLimit = 512

    /// A cutter for frames up to a length, in bytes.
    package init(frameLimit: Int) { self.frameLimit = frameLimit }

    /// Takes what has come.
    package mutating func append(_ arrived: ArraySlice<UInt8>) {
        var rest = arrived
        if let head, part.count < head.length {
            let taken = rest.prefix(head.length - part.count)
            part += taken
            rest = rest[taken.endIndex...]
        }
        bytes.removeFirst(begin)
        begin = 0
        bytes += rest
    }

    /// Bytes that the part under way lacks.
    package var missingCount: Int { head.map { $0.length - part.count } ?? 0 }

    /// Takes bytes of the part under way, no more than it lacks, which `read` writes to where they stay.
    package mutating func append(reading read: (inout OutputSpan<UInt8>) -> Void) {
        part.append(addingCapacity: missingCount) { read(&$0) }
    }

    /// The next thing that is there as a whole.
    package mutating func next() throws(Violation) -> Arrival? {
        if phase == .greeting {
            guard try takeGreeting() else { return nil }
            phase = .handshake
        }
        while true {
            if head == nil { head = try takeHead() }
            guard let head, part.count == head.length else { return nil }
            let whole = part
            part = []
            self.head = nil
            if head.isCommand {
                if let arrival = try obey(whole) { return arrival }
            } else if !head.hasMore, !isDropping {
                return .frame(whole)
            } else {
                isDropping = head.hasMore
            }
        }
    }

    /// Takes the greeting, if it is there: a signature, a version of 3 or more, and the mechanism.
    private mutating func takeGreeting() throws(Violation) -> Bool {
        // Who speaks something else may never send as much.
        guard bytes.first ?? 0xFF == 0xFF else { throw Violation() }
        guard bytes.count >= ZMTP.greeting.count else { return false }
        guard bytes[9] & 1 == 1, bytes[10] >= 3, bytes[12..<32] == ZMTP.greeting[12..<32] else { throw Violation() }
        begin = ZMTP.greeting.count
        return true
    }

    /// Takes the head of the next part, if it is there, and as much of the part as is.
    private mutating func takeHead() throws(Violation) -> Head? {
        guard begin < bytes.count else { return nil }
        let flags = ZMTP.Flags(rawValue: bytes[begin])
        let isCommand = flags.contains(.command)
        guard flags.isSubset(of: [.more, .long, .command]), !isCommand || !flags.contains(.more),
            isCommand || phase == .traffic
        else { throw Violation() }
        let end = begin + (flags.contains(.long) ? 9 : 2)
        guard bytes.count >= end else { return nil }
        let length = bytes[(begin + 1)..<end].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(isCommand ? Self.commandLimit : frameLimit) else { throw Violation() }
        let head = Head(hasMore: flags.contains(.more), isCommand: isCommand, length: Int(length))
        let present = bytes[end...].prefix(head.length)
        part.reserveCapacity(head.length)
        part += present
        begin = present.endIndex
        return head
    }

    /// Acts on a command: a name with its length before it, then what belongs to it.
    private mutating func obey(_ command: [UInt8]) throws(Violation) -> Arrival? {
        guard let length = command.first, command.count > Int(length) else { throw Violation() }
        let name = command[1..<1 + Int(length)]
        if name.elementsEqual(ZMTP.ready), phase == .handshake {
            phase = .traffic
            return .ready
        }
        guard phase == .traffic, !name.elementsEqual(ZMTP.error) else { throw Violation() }
        // Two bytes say for how long the peer will wait.
        return name.elementsEqual(ZMTP.ping) ? .ping(context: [UInt8](command.dropFirst(Int(length) + 3))) : nil
    }
}
