/// What a device, or the way to it, can answer instead of a recording.
public struct DeviceError: RemediedError, Hashable {
    /// What went wrong, in classes that policy can act on.
    public enum Code: String, Sendable, Hashable {
        /// The endpoint cannot be understood or opened.
        case badEndpoint
        /// Nobody answered in time.
        case unreachable
        /// The link was lost and could not be restored in time.
        case linkLost
        /// The device restarted and forgot its state.
        case restarted
        /// Another client holds the chip.
        case leaseHeld
        /// Our lease ended before the work did.
        case leaseLost
        /// The request does not fit the device or is malformed.
        case invalidRequest
        /// The two sides speak different versions.
        case versionMismatch
        /// The device is busy or shutting down.
        case unavailable
        /// The device failed.
        case deviceFault
        /// A side broke the protocol.
        case protocolViolation
        /// The batch was cancelled.
        case cancelled
    }

    /// What went wrong.
    public var code: Code
    /// Where: an endpoint, a batch, a field; and the device's own words.
    public var detail: String
    /// What the user can do about it, if there is something.
    public var remedy: String?

    /// An error with its place and its remedy.
    public init(_ code: Code, _ detail: String, remedy: String? = nil) {
        self.code = code
        self.detail = detail
        self.remedy = remedy
    }
}
