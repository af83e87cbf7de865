import CLibUSB

/// Why a call or a transfer did not work.
enum USBFailure: Error, Hashable, CustomStringConvertible {
    /// The board is no longer there.
    case gone
    /// The board refused: the endpoint or the request stalls.
    case stalled
    /// The board sent more than it was asked for.
    case babble
    /// Nothing came within the limit.
    case timedOut
    /// The transfer was called back.
    case cancelled
    /// Somebody else has the interface.
    case busy
    /// The user may not open the board.
    case forbidden
    /// The kernel has no memory left for transfers.
    case noMemory
    /// An answer of the wrong length.
    case length(Int, expected: Int)
    /// An answer that makes no sense; which one, and why.
    case malformed(String)
    /// Anything else, in libusb's number.
    case other(Int32)

    /// The failure behind a result of libusb's calls.
    init(call code: Int32) {
        switch libusb_error(rawValue: code) {
        case LIBUSB_ERROR_NO_DEVICE: self = .gone
        case LIBUSB_ERROR_PIPE: self = .stalled
        case LIBUSB_ERROR_OVERFLOW: self = .babble
        case LIBUSB_ERROR_TIMEOUT: self = .timedOut
        case LIBUSB_ERROR_INTERRUPTED: self = .cancelled
        case LIBUSB_ERROR_BUSY: self = .busy
        case LIBUSB_ERROR_ACCESS: self = .forbidden
        case LIBUSB_ERROR_NO_MEM: self = .noMemory
        default: self = .other(code)
        }
    }

    /// The failure behind the status of a transfer; nil for one that worked.
    init?(transfer status: libusb_transfer_status) {
        switch status {
        case LIBUSB_TRANSFER_COMPLETED: return nil
        case LIBUSB_TRANSFER_NO_DEVICE: self = .gone
        case LIBUSB_TRANSFER_STALL: self = .stalled
        case LIBUSB_TRANSFER_OVERFLOW: self = .babble
        case LIBUSB_TRANSFER_TIMED_OUT: self = .timedOut
        case LIBUSB_TRANSFER_CANCELLED: self = .cancelled
        default: self = .other(LIBUSB_ERROR_IO.rawValue)
        }
    }

    /// What happened, as the end of a sentence.
    var description: String {
        switch self {
        case .gone: "the board has gone"
        case .stalled: "the board stalls"
        case .babble: "the board sends more than it is asked for"
        case .timedOut: "the board does not answer in time"
        case .cancelled: "the transfer was called back"
        case .busy: "another program has the board"
        case .forbidden: "permission denied"
        case .noMemory: "the kernel has no memory left for transfers. \(USBMemoryBudget.remedy)"
        case .length(let found, let expected): "the answer has \(found) bytes instead of \(expected)"
        case .malformed(let what): "the board answers \(what)"
        case .other(let code): String(cString: libusb_strerror(code))
        }
    }
}
