/// The time base of event time: one tick is 8 ns of chip time.
public enum ChipClock {
    /// Length of a tick, in picoseconds, as the wire states it.
    public static let tickPicoseconds: UInt32 = 8_000

    /// Ticks in a microsecond of chip time.
    public static let ticksPerMicrosecond: Double = 125

    /// The longest window that event time can express, in ticks (524 µs).
    public static let maximumWindow = Int(UInt16.max)

    /// The nearest tick to a time in microseconds.
    public static func ticks(microseconds: Double) -> Int {
        Int((microseconds * ticksPerMicrosecond).rounded())
    }

    /// A number of ticks in microseconds.
    public static func microseconds(ticks: Int) -> Double {
        Double(ticks) / ticksPerMicrosecond
    }
}
