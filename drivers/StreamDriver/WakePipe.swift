import DeviceTransport
import Glibc

/// A flag that a poll can wait for and any thread can raise.
final class WakePipe: Sendable {
    private let ends: (read: Int32, write: Int32)

    /// The descriptor to poll; readable while the flag is up.
    var descriptor: Int32 { ends.read }

    /// A flag that is down.
    init() throws(TransportError) {
        ends = try DescriptorPair.pipe()
        for end in [ends.read, ends.write] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    /// Raises the flag.
    func signal() {
        var byte: UInt8 = 1
        _ = write(ends.write, &byte, 1)
    }

    /// Lowers the flag.
    func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while read(ends.read, &bytes, bytes.count) > 0 {}
    }
}
