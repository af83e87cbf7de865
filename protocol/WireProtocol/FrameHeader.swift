/// The 64 bytes that open every frame (`protocol/SPEC.md`, section 4).
public struct FrameHeader: Sendable, Hashable {
    /// Length of a header, in bytes.
    public static let byteCount = 64
    /// Length of the checksum after a payload that is not empty, in bytes.
    public static let trailerByteCount = 4
}
