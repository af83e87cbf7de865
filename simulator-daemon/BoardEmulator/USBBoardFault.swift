/// A way in which an emulated board misbehaves: once, at the next occasion, or until `USBBoardFunction.release`.
public enum USBBoardFault: Sendable, Hashable {
    /// The next control request stalls.
    case stallControl
    /// Control requests get no answer until `USBBoardFunction.release` or their cancellation.
    case holdControl
    /// The bulk IN endpoint halts at the next transfer.
    case stallIn
    /// The bulk OUT endpoint halts at the next transfer.
    case stallOut
    /// The next transfer to the host fails, and what it would have carried is lost.
    case failIn
    /// The next transfer to the board fails, and what it carried is lost.
    case failOut
    /// The next transfer to the host gets a packet more than it has room for.
    case babbleIn
    /// The next transfer to the host ends with a short packet after so many bytes; the frame goes on in the next one.
    case shortIn(Int)
    /// These bytes come as a transfer of their own before the next frame.
    case strayIn([UInt8])
    /// Every transfer to the host brings this frame at once, from now until `USBBoardFunction.release`, beside all that
    /// the device's program sends: a board that never stops, however fast this machine is.
    case floodIn([UInt8])
    /// This frame waits for the host on each new link, before the device's program hears of it, from now until
    /// `USBBoardFunction.release`.
    case greetIn([UInt8])
    /// The next frame that the device sends is lost.
    case dropFrameIn
    /// The next frame that the host sends is lost.
    case dropFrameOut
    /// Nothing goes to the host until `USBBoardFunction.release`.
    case holdIn
    /// Nothing is taken from the host until `USBBoardFunction.release`.
    case holdOut

    /// Whether the fault lasts until `USBBoardFunction.release`.
    var lasts: Bool {
        switch self {
        case .holdControl, .holdIn, .holdOut, .floodIn, .greetIn: true
        case .stallControl, .stallIn, .stallOut, .failIn, .failOut, .babbleIn, .shortIn, .strayIn, .dropFrameIn,
            .dropFrameOut:
            false
        }
    }
}
