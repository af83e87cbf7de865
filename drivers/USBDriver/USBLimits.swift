/// The limits of a link over USB, and what they ask of the system.
public enum USBLimits {
    /// Longest frame, in bytes: 1 MiB of payload, 64 of header, 4 of trailer.
    public static let frameBytes = 1_048_576 + 68
    /// The major versions of the protocol that a host speaks.
    public static let majors: ClosedRange<UInt8> = 1...1
    /// Reads that wait for the board at any time.
    static let reads = 8
    /// Bytes of a read: a multiple of every packet size of USB (8 to 1024), so that only a short packet ends one early.
    static let readBytes = 131_072
    /// Longest write, in bytes, a multiple of every packet size: longer frames go in pieces, since not every host
    /// controller takes scattered memory and the kernel then needs as much in one piece.
    static let writeBytes = 131_072
    /// Bytes that may be on their way to the board; a single frame may always be.
    static let bytesOut = 4 << 20
    /// Bytes received that may wait for their reader; above, the board is kept waiting.
    static let bytesWaiting = 8 << 20
    /// Longest time that a board has to take a frame before it counts as gone.
    static let sendPatience: Duration = .seconds(3)
    /// Longest time of a control request (USB-003), and a half for the bus.
    static let controlPatience: Duration = .milliseconds(1_500)
    /// Silence after which nothing of an earlier link is to be expected any more (USB-005).
    static let quiet: Duration = .milliseconds(10)
    /// Longest time that a board may go on sending after LINK_RESET.
    static let drainPatience: Duration = .milliseconds(500)
    /// Longest time that the end of a link takes; what has not come back then is given up.
    public static let teardown: Duration = .milliseconds(1_900)
    /// Waits are cut into slices of this length; after each one the flags are looked at again.
    static let slice: Duration = .milliseconds(100)

    /// Memory that a link may ask the kernel for, in bytes: all reads, and all that may be on its way out.
    public static let kernelBytes = reads * readBytes + bytesOut + frameBytes
}
