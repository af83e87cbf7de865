public import DeviceTransport
import Glibc

/// A link to a board on USB: a frame is a bulk transfer (3.2 of the specification).
///
/// A board that was unplugged is never waited for behind the caller's back: every call throws `peerGone`, and the caller
/// opens a new transport, which finds the board when it is plugged in again.
public struct USBTransport: Transport, ~Copyable {
    /// How long the first contact may take unless the caller says otherwise.
    public static let defaultPatience: Duration = .seconds(5)

    /// The board at the other end, as it presented itself.
    public let board: USBBoard
    private let context: USBContext
    private let link: USBLink

    /// Opens the board behind an address of the form `usb:...`, as below.
    ///
    /// - Throws: `badAddress` for another form.
    public init(
        connecting uri: DeviceURI, patience: Duration = defaultPatience, frameLimit: Int = USBLimits.frameBytes
    ) throws(TransportError) {
        guard case .usb(let selection) = uri.link else {
            throw TransportError(.badAddress, "\(uri) is not an address of USB")
        }
        try self.init(connecting: selection, patience: patience, frameLimit: frameLimit)
    }

    /// Opens the one board that a selection means and begins a link: checks its versions, claims it, LINK_RESET, drains.
    ///
    /// - Parameters:
    ///   - selection: Which board is meant.
    ///   - patience: How long to try; a board that is plugged in meanwhile is found.
    ///   - frameLimit: Longest frame, in bytes, that is accepted or sent.
    /// - Throws: `cannotConnect`, with what was seen and what to do, when the patience ends; at once when waiting cannot
    ///   help (several boards are meant, no common version, too little memory for transfers).
    public init(
        connecting selection: USBSelection, patience: Duration = defaultPatience,
        frameLimit: Int = USBLimits.frameBytes
    ) throws(TransportError) {
        let opening = BoardOpening(selection: selection, frameLimit: frameLimit)
        let deadline = ContinuousClock.now + patience
        while true {
            // A context for each attempt: whatever an attempt left under way ends with it.
            let context = try USBContext()
            do throws(BoardOpening.Obstacle) {
                let opened = try opening.attempt(in: context)
                board = opened.board
                link = opened.link
                self.context = context
                return
            } catch {
                context.end()
                let left = ContinuousClock.now.duration(to: deadline)
                guard error.mayPass, left > .zero else { throw error.error }
                usleep(UInt32(min(left, .milliseconds(100)) / .microseconds(1)))
            }
        }
    }

    deinit { context.end() }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { link.wake }

    /// Sends a frame; waits at most three seconds while 4 MiB are on their way.
    ///
    /// - Throws: `peerGone` when the board has gone or takes nothing; `frameTooLong`.
    public mutating func send(_ frame: [UInt8]) throws(TransportError) { try link.send(frame) }

    /// Waits for the next frame; `nil` when none came within the limit or the waker was used.
    ///
    /// - Throws: `peerGone` as soon as the board has gone, after all that had arrived was received; `frameTooLong` for a
    ///   board that sends more than the limit.
    public mutating func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        try link.receive(within: limit)
    }

    /// Asks the board for the state of the link, whatever its bulk endpoints do (LINK_STATUS).
    ///
    /// - Throws: `peerGone`, or `system` when the board does not answer within a second and a half.
    public func linkStatus() throws(TransportError) -> USBLinkStatus { try link.status() }

    /// Cancels the batch of an EXECUTE, though no CANCEL gets through (ABORT).
    ///
    /// - Parameter request: The number of the EXECUTE.
    /// - Throws: `peerGone`, or `system` when the board does not answer within a second and a half.
    public func abort(request: UInt64) throws(TransportError) { try link.abort(request: request) }

    /// Ends the link within two seconds. Frames not yet sent are dropped.
    public consuming func close() {}
}
