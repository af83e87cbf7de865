public import DeviceTransport
public import Substrate

extension DeviceError {
    /// What to do about a device that has gone.
    public static let restartRemedy =
        "Start the daemon or board again, then continue the run with --resume."

    /// The error of a first contact that failed.
    public init(contact error: TransportError) {
        switch error.code {
        case .badAddress, .badKey:
            self.init(.badEndpoint, error.detail)
        case .cannotConnect:
            self.init(
                .unreachable, error.detail,
                remedy: "Check the address and that the daemon runs (volleyd --listen URI).")
        case .cannotBind, .frameTooLong, .peerGone, .system:
            self.init(.unreachable, error.description)
        }
    }
}
