/// The limits of a link over streams.
public enum StreamLimits {
    /// Longest frame, in bytes: 1 MiB of payload, 64 of header, 4 of trailer.
    public static let frameBytes = 1_048_576 + 68
    /// How long a peer may take no bytes before it counts as gone: a link is dead after as much silence.
    public static let patience: Duration = .seconds(3)
    /// Bytes that may wait for a slow reader; above what the credit lets a device send.
    static let queuedBytes = 64 << 20
}
