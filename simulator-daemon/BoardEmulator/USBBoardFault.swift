/// A way in which an emulated board misbehaves once; each waits for the next occasion.
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
    /// The next frame that the device sends is lost.
    case dropFrameIn
    /// The next frame that the host sends is lost.
    case dropFrameOut
    /// Nothing goes to the host until `USBBoardFunction.release`.
    case holdIn
    /// Nothing is taken from the host until `USBBoardFunction.release`.
    case holdOut
}
