/// The descriptors of a board (USB-001): one interface FF/56/01 with a bulk OUT and a bulk IN endpoint.
struct USBDescriptors {
    /// Standard kinds of descriptors.
    enum Kind {
        static let device: UInt8 = 1
        static let configuration: UInt8 = 2
        static let string: UInt8 = 3
        static let interface: UInt8 = 4
        static let endpoint: UInt8 = 5
        static let objectStore: UInt8 = 15
        static let capability: UInt8 = 16
        static let companion: UInt8 = 48
    }

    /// Address of the endpoint to the board.
    static let bulkOut: UInt8 = 0x01
    /// Address of the endpoint to the host.
    static let bulkIn: UInt8 = 0x81
    /// Value of the only configuration.
    static let configurationValue: UInt8 = 1

    let identity: USBBoardIdentity

    private var isSuperSpeed: Bool { identity.bulkPacketSize == 1_024 }

    /// The device descriptor.
    var device: [UInt8] {
        let version: UInt16 = isSuperSpeed ? 0x0300 : identity.bulkPacketSize == 512 ? 0x0200 : 0x0110
        // At super speed the packet size of endpoint zero is an exponent.
        let controlPacket: UInt8 = isSuperSpeed ? 9 : 64
        return [18, Kind.device] + version.littleEndianBytes + [0, 0, 0, controlPacket]
            + identity.vendor.littleEndianBytes + identity.product.littleEndianBytes
            + UInt16(0x0100).littleEndianBytes + [1, 2, 3, 1]
    }

    /// The configuration with its interface and endpoints.
    var configuration: [UInt8] {
        var body: [UInt8] = [9, Kind.interface, 0, 0, 2, 0xFF, 0x56, 0x01, 0]
        for address in [Self.bulkOut, Self.bulkIn] {
            body += [7, Kind.endpoint, address, 2] + UInt16(identity.bulkPacketSize).littleEndianBytes + [0]
            if isSuperSpeed { body += [6, Kind.companion, 0, 0, 0, 0] }
        }
        // Powered by the bus with 100 mA, in units of 2 mA, or of 8 mA at super speed.
        let power: UInt8 = isSuperSpeed ? 13 : 50
        return [9, Kind.configuration] + UInt16(9 + body.count).littleEndianBytes
            + [1, Self.configurationValue, 0, 0x80, power] + body
    }

    /// What a device of super speed says of its speeds; nil for others.
    var objectStore: [UInt8]? {
        guard isSuperSpeed else { return nil }
        let usb2: [UInt8] = [7, Kind.capability, 2, 0, 0, 0, 0]
        let superSpeed: [UInt8] = [10, Kind.capability, 3, 0, 0x08, 0, 3, 0, 0, 0]
        let length = UInt16(5 + usb2.count + superSpeed.count)
        return [5, Kind.objectStore] + length.littleEndianBytes + [2] + usb2 + superSpeed
    }

    /// The text of a string descriptor; nil where there is none, as at 0, which lists the languages.
    func string(_ index: UInt8) -> String? {
        switch index {
        case 1: "Volley"
        case 2: identity.productName
        case 3: String(identity.serial)
        default: nil
        }
    }

    /// The descriptor that a host asks for by kind and index.
    func bytes(kind: UInt8, index: UInt8) -> [UInt8]? {
        switch (kind, index) {
        case (Kind.device, 0): return device
        case (Kind.configuration, 0): return configuration
        case (Kind.objectStore, 0): return objectStore
        case (Kind.string, 0): return [4, Kind.string, 0x09, 0x04]
        case (Kind.string, _):
            // The length is a byte, so a text has at most 126 units.
            guard let units = string(index)?.utf16.prefix(126) else { return nil }
            return [UInt8(2 + 2 * units.count), Kind.string] + units.flatMap(\.littleEndianBytes)
        default: return nil
        }
    }
}
