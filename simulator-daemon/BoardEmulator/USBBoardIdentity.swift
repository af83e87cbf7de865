/// Who a board on USB is, and what its link can take (`protocol/SPEC.md`, section 3.2).
public struct USBBoardIdentity: Sendable, Hashable {
    /// Number of the vendor.
    public var vendor: UInt16 = 0x1209
    /// The vendor's number of the product; with 1209 the one that pid.codes gives for tests.
    public var product: UInt16 = 0x0001
    /// Serial of the chip; in decimal, the board's serial number string.
    public var serial: UInt64
    /// The product string.
    public var productName = "Volley chip emulator"
    /// Bytes of a bulk packet: 64 at full speed, 512 at high speed, 1024 at super speed.
    public var bulkPacketSize: Int
    /// Drawn at each start of the device; the same as in its answer to HELLO.
    public var bootID: UInt64
    /// Lowest major version of the protocol that the device speaks.
    public var lowestMajor: UInt8 = 1
    /// Highest major version of the protocol that the device speaks.
    public var highestMajor: UInt8 = 1
    /// Highest minor version of the highest major.
    public var highestMinor: UInt8 = 0
    /// Most payload bytes of a frame.
    public var frameLimit = 256 << 10
    /// Most bytes of a message.
    public var messageLimit = 16 << 20
    /// Most bytes of a control message.
    public var controlLimit = 64 << 10
    /// Bytes of frames that the board holds in each direction before it lets the host wait; a frame fits always.
    public var bufferBytes = 1 << 20

    /// A board with the defaults above.
    ///
    /// Traps for a packet size other than 64, 512 or 1024.
    public init(serial: UInt64, bootID: UInt64, bulkPacketSize: Int = 512) {
        precondition(
            [64, 512, 1_024].contains(bulkPacketSize),
            "a bulk packet of \(bulkPacketSize) bytes; USB has 64, 512 and 1024")
        self.serial = serial
        self.bootID = bootID
        self.bulkPacketSize = bulkPacketSize
    }

    /// A transfer is cut at this length: a byte more than the longest frame, so that it is refused and not believed.
    var transferLimit: Int { PassingHeader.byteCount + frameLimit + 4 + 1 }

    /// LINK_INFO's answer (USB-007).
    var linkInfo: [UInt8] {
        [lowestMajor, highestMajor, highestMinor, 0]
            + [frameLimit, messageLimit, controlLimit].flatMap { UInt32($0).littleEndianBytes }
            + bootID.littleEndianBytes + serial.littleEndianBytes
    }
}
