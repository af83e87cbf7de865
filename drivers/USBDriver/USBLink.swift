import CLibUSB
import DeviceTransport
import Dispatch
import Synchronization

/// A claimed board with its reads and writes: frames in, frames out (USB-002).
///
/// Reads are always under way, so that the board's end shows at once. The event thread puts frames together; one owner
/// takes them.
final class USBLink: Sendable {
    private struct State {
        /// What came is dropped while what an earlier link left is drained (USB-005).
        var isDraining = true
        /// Why the link has ended.
        var end: TransportError?
        /// The failure of a transfer behind it, if there is one.
        var cause: USBFailure?
        var arrived: [[UInt8]] = []
        var waitingBytes = 0
        /// What came of a transfer that has not ended.
        var beginning: [UInt8] = []
        /// Reads that wait for their turn, because too much waits for the owner.
        var parked: [USBTransfer] = []
        var bytesOut = 0
        /// Reads that came back, of whatever length.
        var readsDone: UInt64 = 0
        /// Whether the owner is to look for something else than frames.
        var isWoken = false
        /// Whether the owner sleeps until something changes.
        var isAwaited = false
    }

    private let board: USBHandle
    private let interface: BoardInterface
    private let name: String
    private let frameLimit: Int
    private let state = Mutex(State())
    private let change = DispatchSemaphore(value: 0)

    /// A link over an interface that has been claimed and reset; reads begin.
    init(
        over board: USBHandle, _ interface: BoardInterface, named name: String, frameLimit: Int
    ) throws(USBFailure) {
        self.board = board
        self.interface = interface
        self.name = name
        self.frameLimit = frameLimit
        for _ in 0..<USBLimits.reads {
            let read = try USBTransfer(
                LIBUSB_TRANSFER_TYPE_BULK, endpoint: interface.input, of: board, capacity: USBLimits.readBytes
            ) { [weak self] in self?.hasRead($0) }
            try board.context.submit(read)
        }
    }

    /// Drops what still comes of an earlier link, until the board is quiet.
    ///
    /// That no read came for a while says little on a machine that is busy: the event thread may have had no turn. So
    /// the board is asked for its state, and the link is quiet if nothing came before the answer either, which the
    /// kernel hands out after all that ended before it.
    ///
    /// - Throws: `timedOut` or `stalled` from a board that does not tell its state; `babble` from one that goes on
    ///   sending after LINK_RESET.
    func drain() throws(USBFailure) {
        let limit = ContinuousClock.now + USBLimits.drainPatience
        var seen: UInt64 = 0
        while true {
            waitUntil(for: USBLimits.quiet) { $0.readsDone != seen || $0.end != nil }
            let isQuiet = state.withLock { $0.readsDone == seen && $0.end == nil }
            if isQuiet { _ = try board.linkStatus(of: interface) }
            let now = state.withLock { state in
                let isOver = isQuiet && state.readsDone == seen
                if isOver { state.isDraining = false }
                state.beginning = []
                return (done: state.readsDone, isOver: isOver, hasEnded: state.end != nil, cause: state.cause)
            }
            if now.hasEnded { throw now.cause ?? .gone }
            if now.isOver { return }
            seen = now.done
            guard ContinuousClock.now < limit else { throw .babble }
        }
    }

    /// Sends a frame; waits while too much is on its way.
    ///
    /// - Throws: `frameTooLong`; `peerGone` when the board has gone or takes nothing.
    func send(_ frame: [UInt8]) throws(TransportError) {
        guard frame.count <= frameLimit else {
            throw TransportError(.frameTooLong, "a frame of \(frame.count) bytes; \(name) takes \(frameLimit)")
        }
        let hasRoom = waitUntil(for: USBLimits.sendPatience) {
            $0.end != nil || $0.bytesOut == 0 || $0.bytesOut + frame.count <= USBLimits.bytesOut
        }
        try state.withLock { state throws(TransportError) in
            if let end = state.end { throw end }
            if hasRoom { state.bytesOut += frame.count }
        }
        guard hasRoom else { throw finish("it takes no frames for \(USBLimits.sendPatience)") }
        do throws(USBFailure) {
            for start in stride(from: 0, to: frame.count, by: USBLimits.writeBytes) {
                let piece = frame[start..<min(frame.count, start + USBLimits.writeBytes)]
                let write = try USBTransfer(
                    LIBUSB_TRANSFER_TYPE_BULK, endpoint: interface.output, of: board, capacity: piece.count
                ) { [weak self] in self?.hasWritten($0) }
                write.fill(piece)
                if piece.endIndex == frame.endIndex { write.endWithShortPacket() }
                try board.context.submit(write)
            }
        } catch {
            throw finish(error)
        }
    }

    /// Ends a `receive` that is waiting, or the next one.
    func wake() { update { $0.isWoken = true } }

    /// The next frame, waiting for it; nil if none comes within the limit or before a wake-up.
    ///
    /// - Throws: Why the link has ended, after all that had arrived.
    func receive(within limit: Duration) throws(TransportError) -> [UInt8]? {
        waitUntil(for: limit) { !$0.arrived.isEmpty || $0.end != nil || $0.isWoken }
        let (frame, end, parked) = state.withLock { state in
            state.isWoken = false
            guard !state.arrived.isEmpty else { return ([UInt8]?.none, state.end, [USBTransfer]()) }
            let frame = state.arrived.removeFirst()
            state.waitingBytes -= frame.count
            var parked: [USBTransfer] = []
            if state.waitingBytes <= USBLimits.bytesWaiting { swap(&parked, &state.parked) }
            return (frame, state.end, parked)
        }
        for read in parked { resubmit(read) }
        if frame == nil, let end { throw end }
        return frame
    }

    /// LINK_STATUS.
    func status() throws(TransportError) -> USBLinkStatus {
        try request("LINK_STATUS") { () throws(USBFailure) in try board.linkStatus(of: interface) }
    }

    /// ABORT.
    func abort(request number: UInt64) throws(TransportError) {
        try request("ABORT") { () throws(USBFailure) in try board.abort(request: number, of: interface) }
    }

    private func request<Answer>(
        _ what: String, _ body: () throws(USBFailure) -> Answer
    ) throws(TransportError) -> Answer {
        do throws(USBFailure) {
            return try body()
        } catch {
            throw TransportError(error == .gone ? .peerGone : .system, "\(what) of \(name) fails: \(error)")
        }
    }

    /// A read is back, on the event thread.
    private func hasRead(_ read: USBTransfer) {
        if let failure = read.failure {
            finish(failure)
            return
        }
        let bytes = read.bytes()
        // Only a short packet, or an empty one, ends a read before it is full: there the frame ends.
        let isLast = bytes.count < read.length
        let (isTooLong, mayGoOn) = update { state in
            state.readsDone += 1
            guard !state.isDraining else { return (false, true) }
            let isTooLong = state.beginning.count + bytes.count > frameLimit
            if isTooLong { return (true, false) }
            state.beginning.append(contentsOf: bytes)
            if isLast, !state.beginning.isEmpty {
                state.waitingBytes += state.beginning.count
                state.arrived.append(state.beginning)
                state.beginning = []
            }
            let mayGoOn = state.waitingBytes <= USBLimits.bytesWaiting
            if !mayGoOn { state.parked.append(read) }
            return (false, mayGoOn)
        }
        if isTooLong {
            finish("it sends a frame of more than \(frameLimit) bytes", .frameTooLong)
        } else if mayGoOn {
            resubmit(read)
        }
    }

    /// A write is back, on the event thread.
    private func hasWritten(_ write: USBTransfer) {
        update { $0.bytesOut -= write.length }
        if let failure = write.failure {
            finish(failure)
        } else if write.actualLength < write.length {
            finish("it took \(write.actualLength) of \(write.length) bytes")
        }
    }

    private func resubmit(_ read: USBTransfer) {
        do throws(USBFailure) {
            try board.context.submit(read)
        } catch {
            finish(error)
        }
    }

    /// Ends the link, because of a transfer.
    @discardableResult
    private func finish(_ failure: USBFailure) -> TransportError { finish("\(failure)", cause: failure) }

    /// Ends the link, for a reason; the first one counts and is returned.
    @discardableResult
    private func finish(
        _ reason: String, _ code: TransportError.Code = .peerGone, cause: USBFailure? = nil
    ) -> TransportError {
        update { state in
            if state.end == nil { state.cause = cause }
            let end = state.end ?? TransportError(code, "the link to \(name) has ended: \(reason)")
            state.end = end
            state.parked = []
            return end
        }
    }

    /// Changes the state and wakes the owner.
    @discardableResult
    private func update<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, isAwaited) = state.withLock { state in
            let result = body(&state)
            defer { state.isAwaited = false }
            return (result, state.isAwaited)
        }
        if isAwaited { change.signal() }
        return result
    }

    /// Waits until the state is as wanted; `false` if it is not within the limit.
    @discardableResult
    private func waitUntil(for limit: Duration, _ isReady: (State) -> Bool) -> Bool {
        let deadline = ContinuousClock.now + limit
        while true {
            let ready = state.withLock { state in
                let ready = isReady(state)
                state.isAwaited = !ready
                return ready
            }
            if ready { return true }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return false }
            _ = change.wait(timeout: .now() + min(left, USBLimits.slice).dispatchInterval)
        }
    }
}
