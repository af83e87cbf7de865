/// What ZeroMQ's protocol says beside messages: ZMTP 3.0 (ZeroMQ RFC 23) with mechanism NULL.
package enum ZMTP {
    /// What stands before a part.
    struct Flags: OptionSet {
        let rawValue: UInt8
        /// The message has more parts.
        static let more = Flags(rawValue: 1)
        /// The length has eight bytes instead of one.
        static let long = Flags(rawValue: 2)
        /// Not a part of a message.
        static let command = Flags(rawValue: 4)
    }

    /// What a side is: the socket type that it says it has.
    package enum Role: String, Sendable {
        /// A host.
        case dealer = "DEALER"
        /// A device.
        case router = "ROUTER"
    }

    /// The end of a side's handshake.
    package static let ready = Array("READY".utf8)
    /// The peer is refused.
    package static let error = Array("ERROR".utf8)
    /// Is the other side there?
    package static let ping = Array("PING".utf8)
    /// It is.
    package static let pong = Array("PONG".utf8)

    /// The first 64 bytes of either side: signature, version 3.0, mechanism, no server, filler.
    package static let greeting: [UInt8] =
        [0xFF] + zeros(8) + [0x7F, 3, 0] + Array("NULL".utf8) + zeros(16) + zeros(32)

    /// All that a side has to say before messages.
    package static func opening(as role: Role) -> [UInt8] {
        var bytes = greeting
        var properties: [UInt8] = []
        for (name, value) in [("Socket-Type", role.rawValue), ("Identity", "")] {
            properties.append(UInt8(name.utf8.count))
            properties += name.utf8
            properties += [0, 0, 0, UInt8(value.utf8.count)] + value.utf8
        }
        append(command: ready, properties, to: &bytes)
        return bytes
    }

    /// Appends a command of at most 255 bytes.
    package static func append(command name: [UInt8], _ body: [UInt8], to bytes: inout [UInt8]) {
        bytes += [Flags.command.rawValue, UInt8(1 + name.count + body.count), UInt8(name.count)] + name + body
    }

    /// Appends a message of one part.
    package static func append(message: [UInt8], to bytes: inout [UInt8]) {
        append(headOfMessage: message.count, to: &bytes)
        bytes += message
    }

    /// Appends what stands before a message of one part and of so many bytes.
    package static func append(headOfMessage count: Int, to bytes: inout [UInt8]) {
        if let length = UInt8(exactly: count) {
            bytes += [0, length]
        } else {
            bytes.append(Flags.long.rawValue)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: count >> shift))
            }
        }
    }

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
