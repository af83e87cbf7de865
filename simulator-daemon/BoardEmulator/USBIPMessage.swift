/// The messages of USB/IP that a server reads and writes, version 1.1.1 (the kernel's `Documentation/usb/usbip_protocol`).
///
/// All numbers are big-endian.
package enum USBIPMessage {
    /// Version of the protocol.
    package static let version: UInt16 = 0x0111
    /// Asks for the list of devices.
    package static let listRequest: UInt16 = 0x8005
    /// The list of devices.
    package static let listReply: UInt16 = 0x0005
    /// Asks for a device.
    package static let importRequest: UInt16 = 0x8003
    /// Hands a device over.
    package static let importReply: UInt16 = 0x0003

    /// Bytes of what begins an operation.
    package static let operationLength = 8
    /// Bytes of a bus id.
    package static let busIDLength = 32
    /// Bytes of a header of a command or a return.
    package static let headerLength = 48
    /// Most bytes that a transfer may announce; the kernel's own limit for programs is the same by default.
    package static let transferLimit = 16 << 20

    /// How an operation went.
    package enum Status: UInt32 {
        case done = 0
        case failed = 1
        case busy = 2
        case noDevice = 4
    }

    /// What begins an answer to an operation.
    package static func operation(_ code: UInt16, _ status: Status) -> [UInt8] {
        version.bigEndianBytes + code.bigEndianBytes + status.rawValue.bigEndianBytes
    }

    /// A device in the list, without its interfaces.
    static func device(_ identity: USBBoardIdentity, busID: String) -> [UInt8] {
        let speed: UInt32 =
            switch identity.bulkPacketSize {
            case 64: 2
            case 512: 3
            default: 5
            }
        return padded("/sys/devices/virtual/volley/\(busID)", to: 256) + padded(busID, to: busIDLength)
            + [UInt32(1), 2, speed].flatMap(\.bigEndianBytes)
            + [identity.vendor, identity.product, 0x0100].flatMap(\.bigEndianBytes)
            // Class, subclass and protocol of the device, its configuration, and how many configurations and interfaces.
            + [0, 0, 0, USBDescriptors.configurationValue, 1, 1]
    }

    /// The only interface, as the list has it.
    static let interface: [UInt8] = [0xFF, 0x56, 0x01, 0]

    /// A text with zeros behind it.
    package static func padded(_ text: String, to count: Int) -> [UInt8] {
        let bytes = [UInt8](text.utf8.prefix(count - 1))
        return bytes + [UInt8](repeating: 0, count: count - bytes.count)
    }

    /// The end of a transfer.
    static func submitReturn(_ sequence: UInt32, status: Int32, count: Int, bytes: [UInt8]) -> [UInt8] {
        [UInt32(3), sequence, 0, 0, 0, UInt32(bitPattern: status), UInt32(count), 0, 0, 0, 0, 0]
            .flatMap(\.bigEndianBytes) + bytes
    }

    /// The answer to a cancellation.
    static func unlinkReturn(_ sequence: UInt32, status: Int32) -> [UInt8] {
        [UInt32(4), sequence, 0, 0, 0, UInt32(bitPattern: status), 0, 0, 0, 0, 0, 0].flatMap(\.bigEndianBytes)
    }
}

/// A command of an importer, without the bytes that follow it.
package enum USBIPCommand: Sendable, Hashable {
    /// Submits a transfer.
    case submit(USBIPSubmission)
    /// Cancels a transfer that was submitted with the number `target`.
    case unlink(sequence: UInt32, target: UInt32)

    /// Parses a header; nil if it is none, or announces what no board takes.
    package init?(header: [UInt8]) {
        guard header.count == USBIPMessage.headerLength else { return nil }
        func number(_ index: Int) -> UInt32 {
            header[4 * index..<4 * index + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        let sequence = number(1)
        switch number(0) {
        case 1:
            // Packets are counted for isochronous transfers alone; for others some write none, some -1.
            guard number(3) <= 1, number(4) <= 15, number(6) <= UInt32(USBIPMessage.transferLimit),
                [0, .max].contains(number(8)), let setup = USBSetup(bytes: header[40...])
            else { return nil }
            self = .submit(
                USBIPSubmission(
                    sequence: sequence, isIn: number(3) == 1, endpoint: UInt8(number(4)), flags: number(5),
                    length: Int(number(6)), setup: setup))
        case 2: self = .unlink(sequence: sequence, target: number(5))
        default: return nil
        }
    }
}

/// A transfer that an importer submits.
package struct USBIPSubmission: Sendable, Hashable {
    /// The importer's number of the transfer.
    package var sequence: UInt32
    /// Whether data goes to the host.
    package var isIn: Bool
    /// Number of the endpoint, without direction.
    package var endpoint: UInt8
    /// The kernel's flags of the transfer.
    package var flags: UInt32
    /// Bytes that follow, or the room for the answer.
    package var length: Int
    /// The request, for endpoint zero.
    package var setup: USBSetup

    /// `URB_SHORT_NOT_OK`: a short answer is an error.
    var wantsAll: Bool { flags & 0x1 != 0 }
    /// `URB_ZERO_PACKET`: an empty packet follows whole packets.
    var hasEmptyPacket: Bool { flags & 0x40 != 0 }
}

extension FixedWidthInteger {
    /// The number's bytes, greatest first.
    package var bigEndianBytes: [UInt8] { littleEndianBytes.reversed() }
}
