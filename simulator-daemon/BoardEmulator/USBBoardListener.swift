public import DeviceTransport

/// The device program's end of a board's function: a peer for each link, which a LINK_RESET ends.
///
/// A function has one listener at a time.
public struct USBBoardListener: Listener, ~Copyable {
    /// How hosts find the board.
    public let address: DeviceURI

    private let function: USBBoardFunction
    private var events: [LinkEvent] = []

    /// Serves what comes through a function.
    public init(on function: USBBoardFunction) {
        self.function = function
        let identity = function.identity
        address = DeviceURI(
            link: .usb(
                USBSelection(
                    vendor: identity.vendor, product: identity.product, serial: String(identity.serial))))
    }

    /// Ends a `receive` that is waiting, from any thread; a wake-up before the wait ends the next one.
    public var wake: @Sendable () -> Void { function.wake }

    /// Waits for the next frame; `nil` when none came within the limit, the waker was used, or an event is there.
    public mutating func receive(within limit: Duration) -> IncomingFrame? {
        guard events.isEmpty else { return nil }
        switch function.nextArrival(within: limit) {
        case .frame(let bytes, let link):
            return IncomingFrame(peer: LinkPeer(bytes: link.littleEndianBytes), bytes: bytes)
        case .event(let event):
            events.append(event)
            return nil
        case nil: return nil
        }
    }

    /// Takes what has become of links since the last call.
    public mutating func takeEvents() -> [LinkEvent] {
        defer { events = [] }
        return events
    }

    /// Says whether a batch runs, for LINK_STATUS.
    public mutating func note(isBatchRunning: Bool) { function.note(isBatchRunning: isBatchRunning) }

    /// Sends a frame to the peer.
    ///
    /// - Throws: `peerGone` when its link has ended, or the host has left 64 MiB unread.
    public mutating func send(_ frame: [UInt8], to peer: LinkPeer) throws(TransportError) {
        guard function.send(frame, to: peer) else {
            throw TransportError(.peerGone, "the USB link was reset or unplugged, or the host does not read")
        }
    }

    /// Pulls the board out.
    public consuming func close() { function.unplug() }
}
