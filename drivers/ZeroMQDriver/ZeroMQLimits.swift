/// The limits of a ZeroMQ link (SPEC: ZeroMQ mapping).
public enum ZeroMQLimits {
    /// Bytes of a frame beside its payload: 64 of header, 4 of trailer.
    private static let overheadBytes = 68
    /// Longest frame, in bytes: 1 MiB of payload.
    public static let frameBytes = 1_048_576 + overheadBytes
    /// Longest frame, in bytes, of a peer without a session at a local listener: HELLO and OPEN have 2 KiB of payload at
    /// most (HEL-007), and who says something else should hear why not.
    public static let strangerFrameBytes = 16_384 + overheadBytes
    /// Most payload, in bytes, of a frame over an encrypted connection: libzmq has one limit for all, and keeps what is as
    /// long as that for whoever has not shown a key yet.
    public static let encryptedPayloadBytes = 32_768
    /// Longest frame over an encrypted connection, in bytes.
    public static let encryptedFrameBytes = encryptedPayloadBytes + overheadBytes
    /// What encryption adds to a frame, in bytes: name and nonce of the command, 8 each, its mark and its authenticator.
    static let curveBytes = 33
    /// Frames that may wait in a socket; above what the credit lets a peer have under way.
    public static let queuedFrames: Int32 = 256
    /// Bytes that may wait for a peer; above what the credit lets a device send.
    static let queuedBytes = 64 << 20
    /// Peers that a local listener has at a time unless the caller says otherwise.
    public static let localPeers = 256
    /// What the kernel buffers of a connection hold, in bytes: a whole frame, so that it leaves in one go.
    public static let kernelBufferBytes: Int32 = 1 << 20
    /// Time for ZeroMQ's own handshake, in milliseconds.
    public static let handshakeMilliseconds: Int32 = 2_000
}
