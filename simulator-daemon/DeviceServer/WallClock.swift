import Glibc

/// The one look at the wall clock: leases of earlier starts are told apart by it.
enum WallClock {
    /// A fencing token above those of earlier starts on this machine: sixteenths of seconds since 2026, as long as a daemon
    /// grants fewer than 16 leases a second on average (own estimate) and the clock is not set back. Good until 2034.
    static var fencingBase: UInt32 {
        UInt32(clamping: max(1, 16 * (time(nil) - 1_767_225_600)))
    }
}
