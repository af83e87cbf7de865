import DeviceTransport
import Glibc

/// A pair of descriptors, one to read and one to write, that never block: waiting is done here, within limits.
struct ByteStream: ~Copyable {
    /// What a wait was for.
    struct Readiness: OptionSet {
        let rawValue: Int
        static let readable = Readiness(rawValue: 1)
        static let writable = Readiness(rawValue: 2)
        static let woken = Readiness(rawValue: 4)
    }

    /// Where bytes come from.
    let input: Int32
    /// Where bytes go to.
    let output: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)

    /// Takes over two descriptors, which are closed at the end.
    init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
        for descriptor in [input, output] {
            _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        }
    }

    deinit {
        close(input)
        if output != input { close(output) }
    }

    /// Waits until bytes have come, or some can be written where that is asked for, or another descriptor is readable.
    func wait(
        forRoom: Bool = false, within limit: Duration, alsoFor other: Int32 = -1
    ) throws(TransportError) -> Readiness {
        var items = [
            pollfd(fd: input, events: Int16(POLLIN), revents: 0),
            pollfd(fd: forRoom ? output : -1, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = min(max(0, limit / .milliseconds(1)), 3_600_000).rounded(.up)
        let count = poll(&items, nfds_t(items.count), Int32(milliseconds))
        guard count >= 0 || errno == EINTR else {
            throw TransportError(.system, "cannot wait for a stream", errno: errno)
        }
        var readiness: Readiness = []
        guard count > 0 else { return readiness }
        // A stream that has ended or broken shows at the read or write that follows.
        if items[0].revents != 0 { readiness.insert(.readable) }
        if items[1].revents != 0 { readiness.insert(.writable) }
        if items[2].revents != 0 { readiness.insert(.woken) }
        return readiness
    }

    /// Reads what is there, at most 64 KiB; nil when the stream has ended, empty when nothing is there.
    mutating func read() -> ArraySlice<UInt8>? {
        let count = Glibc.read(input, &buffer, buffer.count)
        if count > 0 { return buffer[..<count] }
        return count < 0 && (errno == EAGAIN || errno == EINTR) ? [] : nil
    }

    /// Writes as much as there is room for, and returns how much that was; nil when nobody reads any more.
    ///
    /// The signal of a pipe without a reader is the thread's own, so that it is taken back before anyone sees it.
    func write(_ bytes: ArraySlice<UInt8>) -> Int? {
        var pipe = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        var before = sigset_t()
        pthread_sigmask(SIG_BLOCK, &pipe, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        let count = bytes.withUnsafeBytes { Glibc.write(output, $0.baseAddress, $0.count) }
        if count >= 0 { return count }
        if errno == EAGAIN || errno == EINTR { return 0 }
        if errno == EPIPE, sigismember(&before, SIGPIPE) == 0 {
            var none = timespec()
            sigtimedwait(&pipe, nil, &none)
        }
        return nil
    }
}
