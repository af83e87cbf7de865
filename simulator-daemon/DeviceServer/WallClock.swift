import Glibc

/// The one look at the wall clock: leases of earlier starts are told apart by it.
enum WallClock {
    /// A fencing token above those of earlier starts on this machine: seconds since 2025, as long as a daemon grants
    /// fewer than one lease a second on average (own estimate) and the clock is not set back.
    static var fencingBase: UInt32 {
        UInt32(clamping: max(1, time(nil) - 1_735_689_600))
    }
}
