import DeviceTransport

/// What a USB function holds: transfers of the host that wait, frames in both directions, and the state of the link.
///
/// A state machine without locks or clocks: methods take events, and leave what is to be called in `completions` and
/// what the device's program should hear in `arrivals`.
struct BoardState: Sendable {
    /// Tells a host how its transfer ended.
    typealias Completion = @Sendable (USBTransferResult) -> Void

    /// A transfer that waits.
    struct Transfer: Sendable {
        let id: USBTransferID
        /// Room at the host, for one to the host.
        var length = 0
        /// What comes from the host.
        var bytes: [UInt8] = []
        /// Whether an empty packet follows what comes from the host.
        var hasEmptyPacket = false
        /// The request, for one to endpoint zero.
        var setup: USBSetup?
        let completion: Completion
    }

    /// What the device's program gets, in this order.
    enum Arrival: Sendable {
        case frame([UInt8], link: UInt64)
        case event(LinkEvent)
    }

    /// Where a link is (section 10.1), as LINK_STATUS tells it.
    enum Phase: UInt8 {
        case new = 0
        case greeted = 1
        case open = 2
        case deaf = 3
    }

    /// What LINK_STATUS tells of a link.
    struct Report {
        var phase = Phase.new
        var lastRequest: UInt64 = 0
        var framesReceived: UInt32 = 0
        var framesSent: UInt32 = 0
    }

    let identity: USBBoardIdentity
    var isPlugged = true
    var configurationValue = USBDescriptors.configurationValue
    var faults: [USBBoardFault] = []

    // The link.
    var link: UInt64 = 1
    var report = Report()
    var isBatchRunning = false

    // To the board.
    var isOutHalted = false
    var outTransfers: [Transfer] = []
    var controlTransfers: [Transfer] = []
    var partial: [UInt8] = []
    var arrivals: [Arrival] = []
    var arrivedBytes = 0

    // To the host.
    var isInHalted = false
    var inTransfers: [Transfer] = []
    var outgoing: [[UInt8]] = []
    /// Bytes of the first outgoing frame that have left; all of them when only its empty packet is owed.
    var sentOfFirst = 0
    var outgoingBytes = 0

    var completions: [(Completion, USBTransferResult)] = []
    var isDelivering = false
    private var transferCount: UInt64 = 0

    init(identity: USBBoardIdentity) {
        self.identity = identity
    }

    /// The device's name for the present link.
    var peer: LinkPeer { LinkPeer(bytes: link.littleEndianBytes) }

    mutating func nextID() -> USBTransferID {
        transferCount += 1
        return USBTransferID(number: transferCount)
    }

    /// Takes a fault that waits, if its occasion has come.
    mutating func take(_ fault: USBBoardFault) -> Bool {
        guard let index = faults.firstIndex(of: fault) else { return false }
        faults.remove(at: index)
        return true
    }

    /// Cancels a transfer; false if it is not waiting any more.
    mutating func cancel(_ id: USBTransferID) -> Bool {
        for list in [\BoardState.inTransfers, \.outTransfers, \.controlTransfers] {
            guard let index = self[keyPath: list].firstIndex(where: { $0.id == id }) else { continue }
            completions.append((self[keyPath: list].remove(at: index).completion, USBTransferResult(.cancelled)))
            return true
        }
        return false
    }

    /// Leaves a new link (USB-004): all that waits is dropped, the host's own transfers to the host go on waiting.
    mutating func resetLink() {
        arrivals.removeAll {
            if case .frame = $0 { true } else { false }
        }
        arrivals.append(.event(.ended(peer)))
        arrivedBytes = 0
        partial = []
        outgoing = []
        sentOfFirst = 0
        outgoingBytes = 0
        isInHalted = false
        isOutHalted = false
        link += 1
        report = Report()
        for case .greetIn(let frame) in faults { append(frame) }
        pump()
    }

    /// Ends all transfers: the board is gone.
    mutating func unplug() {
        isPlugged = false
        faults = []
        for transfer in inTransfers + outTransfers + controlTransfers {
            completions.append((transfer.completion, USBTransferResult(.gone)))
        }
        inTransfers = []
        outTransfers = []
        controlTransfers = []
        resetLink()
    }

    /// Lets go on what can go on.
    mutating func pump() {
        pumpOut()
        pumpIn()
    }
}

// To the board.
extension BoardState {
    mutating func pumpOut() {
        while let transfer = outTransfers.first {
            let result: USBTransferResult
            if take(.stallOut) { isOutHalted = true }
            if isOutHalted {
                result = USBTransferResult(.stalled)
            } else if faults.contains(.holdOut) || !hasRoom(for: transfer.bytes.count) {
                return
            } else if take(.failOut) {
                result = USBTransferResult(.failed)
            } else {
                accept(transfer)
                result = USBTransferResult(.completed, count: transfer.bytes.count)
            }
            outTransfers.removeFirst()
            completions.append((transfer.completion, result))
        }
    }

    /// Whether the board has room: a frame always fits into an empty one, and a board that cannot get rid of its answers
    /// takes no more questions. One that is deaf throws away what comes.
    private func hasRoom(for count: Int) -> Bool {
        if report.phase == .deaf { return true }
        guard outgoingBytes < identity.bufferBytes else { return false }
        return arrivedBytes == 0 || arrivedBytes + partial.count + count <= identity.bufferBytes
    }

    private mutating func accept(_ transfer: Transfer) {
        guard report.phase != .deaf else { return }
        let room = identity.transferLimit - partial.count
        partial += transfer.bytes.prefix(room)
        let endsShort = transfer.bytes.count % identity.bulkPacketSize != 0 || transfer.bytes.isEmpty
        guard endsShort || transfer.hasEmptyPacket, !partial.isEmpty else { return }
        let frame = partial
        partial = []
        if take(.dropFrameOut) { return }
        report.framesReceived &+= 1
        if let header = PassingHeader(of: frame), !header.isResponse, header.request != 0 {
            report.lastRequest = header.request
        }
        arrivedBytes += frame.count
        arrivals.append(.frame(frame, link: link))
    }

    /// The next thing for the device's program.
    mutating func nextArrival() -> Arrival? {
        guard !arrivals.isEmpty else { return nil }
        let next = arrivals.removeFirst()
        if case .frame(let bytes, _) = next {
            arrivedBytes -= bytes.count
            pumpOut()
        }
        return next
    }
}

// To the host.
extension BoardState {
    /// Takes a frame that the device sends on a link; false if the link has ended or takes no more.
    mutating func send(_ frame: [UInt8], on link: UInt64) -> Bool {
        guard isPlugged, link == self.link else { return false }
        // ERROR is the last frame of a link: what the device says to frames that came in the same burst is not sent (USB-004).
        guard report.phase != .deaf else { return true }
        guard outgoingBytes + frame.count <= Self.outgoingLimit else {
            // What the host reads from here on has a gap; it has to begin a new link.
            report.phase = .deaf
            return false
        }
        if take(.dropFrameIn) { return true }
        note(frame)
        if let index = faults.firstIndex(where: { if case .strayIn = $0 { true } else { false } }),
            case .strayIn(let bytes) = faults.remove(at: index)
        {
            append(bytes)
        }
        append(frame)
        pumpIn()
        return true
    }

    /// Most bytes that wait for a host that does not read: above all credit that a host would grant.
    private static let outgoingLimit = 64 << 20

    private mutating func append(_ frame: [UInt8]) {
        outgoing.append(frame)
        outgoingBytes += frame.count
    }

    /// Follows the link's state by what the device answers (section 10.1).
    private mutating func note(_ frame: [UInt8]) {
        guard let header = PassingHeader(of: frame) else { return }
        switch header.type {
        case PassingHeader.error:
            report.phase = .deaf
            arrivals.removeAll {
                if case .frame = $0 { true } else { false }
            }
            arrivedBytes = 0
            partial = []
            pumpOut()
        case PassingHeader.hello where header.isResponse && header.status == 0: report.phase = .greeted
        case PassingHeader.open where header.isResponse && header.status == 0: report.phase = .open
        case PassingHeader.close where header.isResponse && header.status == 0: report.phase = .new
        default: break
        }
    }

    mutating func pumpIn() {
        while let transfer = inTransfers.first {
            if take(.stallIn) { isInHalted = true }
            if isInHalted {
                end(transfer, USBTransferResult(.stalled))
                continue
            }
            if outgoing.isEmpty, let frame = flood { append(frame) }
            guard !faults.contains(.holdIn), let frame = outgoing.first else { return }
            let left = frame.count - sentOfFirst
            if take(.failIn) {
                leave(min(left, transfer.length), of: frame, isEnd: left <= transfer.length)
                end(transfer, USBTransferResult(.failed))
            } else if take(.babbleIn) {
                let bytes = take(min(left, transfer.length), of: frame)
                end(transfer, USBTransferResult(.overflow, bytes: bytes))
            } else if let length = takeShortIn(), length < left {
                let bytes = take(min(length, transfer.length), of: frame)
                end(transfer, USBTransferResult(.completed, bytes: bytes))
            } else {
                end(transfer, fill(transfer, from: frame, left: left))
            }
        }
        // Room for answers lets the host ask again.
        if !outTransfers.isEmpty { pumpOut() }
    }

    /// Sends packets until one is short or the host's room is full.
    private mutating func fill(_ transfer: Transfer, from frame: [UInt8], left: Int) -> USBTransferResult {
        let packet = identity.bulkPacketSize
        guard left > transfer.length else {
            // A frame of whole packets that fills the room exactly still owes its empty packet.
            let isEnd = left % packet != 0 || transfer.length > left || left == 0
            let bytes = sentOfFirst == 0 ? frame : [UInt8](frame[sentOfFirst...])
            leave(left, of: frame, isEnd: isEnd)
            return USBTransferResult(.completed, bytes: bytes)
        }
        guard transfer.length % packet == 0 else {
            // The board does not know of the host's room: its last packet is more than that.
            let whole = transfer.length / packet * packet
            let bytes = [UInt8](frame[sentOfFirst..<sentOfFirst + transfer.length])
            let gone = whole + min(packet, left - whole)
            leave(gone, of: frame, isEnd: gone == left && left % packet != 0)
            return USBTransferResult(.overflow, bytes: bytes)
        }
        return USBTransferResult(.completed, bytes: take(transfer.length, of: frame))
    }

    /// The frame of `floodIn`.
    private var flood: [UInt8]? {
        for case .floodIn(let frame) in faults { return frame }
        return nil
    }

    private mutating func takeShortIn() -> Int? {
        guard let index = faults.firstIndex(where: { if case .shortIn = $0 { true } else { false } }),
            case .shortIn(let length) = faults.remove(at: index)
        else { return nil }
        return length
    }

    /// Takes bytes from the first frame, which goes on after them.
    private mutating func take(_ count: Int, of frame: [UInt8]) -> [UInt8] {
        let bytes = [UInt8](frame[sentOfFirst..<sentOfFirst + count])
        leave(count, of: frame, isEnd: false)
        return bytes
    }

    private mutating func leave(_ count: Int, of frame: [UInt8], isEnd: Bool) {
        outgoingBytes -= count
        sentOfFirst += count
        guard isEnd else { return }
        outgoing.removeFirst()
        sentOfFirst = 0
        report.framesSent &+= 1
    }

    private mutating func end(_ transfer: Transfer, _ result: USBTransferResult) {
        inTransfers.removeFirst()
        completions.append((transfer.completion, result))
    }
}
