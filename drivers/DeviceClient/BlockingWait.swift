import Glibc

/// Waits that block the thread: for threads that belong to one task.
enum BlockingWait {
    /// Sleeps for a time; not at all if it is not above zero.
    static func sleep(_ duration: Duration) {
        guard duration > .zero else { return }
        usleep(UInt32(clamping: Int64(duration / .microseconds(1))))
    }
}
