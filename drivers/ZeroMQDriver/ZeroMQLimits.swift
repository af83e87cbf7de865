/// The limits of a ZeroMQ link (SPEC: ZeroMQ mapping).
public enum ZeroMQLimits {
    /// Longest frame, in bytes: 1 MiB of payload, 64 of header, 4 of trailer.
    public static let frameBytes = 1_048_576 + 68
    /// What encryption adds to a frame, in bytes: name and nonce of the command, 8 each, its mark and its authenticator.
    static let curveBytes = 33
    /// Frames that may wait in a socket; above what the credit lets a peer have under way.
    public static let queuedFrames: Int32 = 256
    /// Bytes that may wait for a peer on a local socket; above what the credit lets a device send.
    static let queuedBytes = 64 << 20
    /// Peers that a local socket has at a time unless the caller says otherwise.
    public static let localPeers = 256
    /// Longest frame of a peer without a session on a local socket: that of the longest control message, 64 KiB.
    public static let strangerFrameBytes = 65_536 + 68
    /// What the kernel buffers of a connection hold, in bytes: a whole frame, so that it leaves in one go.
    public static let kernelBufferBytes: Int32 = 1 << 20
    /// Time for ZeroMQ's own handshake, in milliseconds.
    public static let handshakeMilliseconds: Int32 = 2_000
}
