import Glibc

/// A flag that a poll can wait for and any thread can raise, for drivers that wait on descriptors.
package final class WakeUp: Sendable {
    // A pipe and no event descriptor: Swift's Glibc module lacks those, and this module wraps no C of its own.
    private let ends: (read: Int32, write: Int32)

    /// The descriptor to poll; readable while the flag is up.
    package var descriptor: Int32 { ends.read }

    /// A flag that is down.
    ///
    /// - Throws: `system`, when the process has no descriptors left.
    package init() throws(TransportError) {
        ends = try DescriptorPair.pipe()
        for end in [ends.read, ends.write] { _ = fcntl(end, F_SETFL, O_NONBLOCK) }
    }

    deinit {
        close(ends.read)
        close(ends.write)
    }

    /// Raises the flag.
    package func signal() {
        var byte: UInt8 = 1
        // A pipe that is full is up already.
        _ = unsafe write(ends.write, &byte, 1)
    }

    /// Lowers the flag.
    package func clear() {
        var bytes = [UInt8](repeating: 0, count: 64)
        while unsafe read(ends.read, &bytes, bytes.count) > 0 {}
    }
}
