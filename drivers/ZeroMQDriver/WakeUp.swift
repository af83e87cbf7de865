import CZeroMQ
import DeviceTransport
import Glibc

/// A flag that a poll can wait for and any thread can raise (an eventfd).
final class WakeUp: Sendable {
    /// The descriptor to poll; readable while the flag is up.
    let descriptor: Int32

    /// A flag that is down.
    init() throws(TransportError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard descriptor >= 0 else {
            throw TransportError(.system, "cannot make an event descriptor", errno: errno)
        }
    }

    deinit { close(descriptor) }

    /// Raises the flag.
    func signal() {
        eventfd_write(descriptor, 1)
    }

    /// Lowers the flag.
    func clear() {
        var count: eventfd_t = 0
        eventfd_read(descriptor, &count)
    }
}
