import DeviceTransport
import Synchronization

/// The USB function of an emulated board (`protocol/SPEC.md`, section 3.2): transfers of a host on one side, whole frames
/// for a device's program on the other.
///
/// It takes the place of the hardware and of the firmware's USB part. Front ends such as a USB/IP server bring a host's
/// transfers; `USBBoardListener` gives the frames to a program. Any thread may call; nothing blocks. A completion is
/// called exactly once, in the order of the transfers' ends, on the thread of whoever caused it, perhaps before the call
/// that submitted the transfer has returned; it may call the function again.
public final class USBBoardFunction: Sendable {
    /// Who the board is.
    public let identity: USBBoardIdentity

    private let state: Mutex<BoardState>
    private let doorbell = Doorbell()

    /// A board that is plugged in.
    public init(identity: USBBoardIdentity) {
        self.identity = identity
        state = Mutex(BoardState(identity: identity))
    }

    /// The device descriptor and the configuration behind it, as `descriptors` in sysfs has them.
    public var descriptors: [UInt8] {
        let all = USBDescriptors(identity: identity)
        return all.device + all.configuration
    }

    /// A string descriptor's text: 1 manufacturer, 2 product, 3 serial; nil for others.
    public func string(index: UInt8) -> String? { USBDescriptors(identity: identity).string(index) }

    /// Whether the board is there.
    public var isPlugged: Bool { state.withLock { $0.isPlugged } }

    /// Pulls the board out: every transfer that waits ends with `gone`, as does every one that comes after.
    public func unplug() { change { $0.unplug() } }

    /// Puts the board back in after `unplug`, with a new link.
    public func plug() { change { $0.isPlugged = true } }

    /// The bus was reset: a new link (USB-004), endpoints without halt.
    public func resetBus() { change { $0.resetLink() } }

    /// Makes the board misbehave once, or until `release`.
    public func inject(_ fault: USBBoardFault) {
        change { state in
            state.faults.append(fault)
            state.pump()
        }
    }

    /// Ends the faults that last, and lets go on what they hold.
    public func release() {
        change { state in
            state.faults.removeAll { $0.lasts }
            let held = state.controlTransfers
            state.controlTransfers = []
            for transfer in held { state.answer(transfer) }
            state.pump()
        }
    }
}

// The host's side.
extension USBBoardFunction {
    /// Answers a control request at once, whatever `holdControl` says. `data` is what the host sends.
    public func control(_ setup: USBSetup, data: [UInt8] = []) -> USBControlResult {
        change { $0.answer(setup, data: data) }
    }

    /// Submits a control request; it ends when the board has answered.
    @discardableResult
    public func submitControl(
        _ setup: USBSetup, data: [UInt8] = [], completion: @escaping @Sendable (USBTransferResult) -> Void
    ) -> USBTransferID {
        change { state in
            let transfer = BoardState.Transfer(
                id: state.nextID(), bytes: data, setup: setup, completion: completion)
            if state.isPlugged, state.faults.contains(.holdControl) {
                state.controlTransfers.append(transfer)
            } else {
                state.answer(transfer)
            }
            return transfer.id
        }
    }

    /// Submits a transfer to the board: the bytes of one URB; it ends when the board has taken them.
    ///
    /// A frame may span several. It ends with an URB whose length is no multiple of the packet size, with an empty one,
    /// or with one that has the flag for an empty packet at its end (`URB_ZERO_PACKET`).
    @discardableResult
    public func submitBulkOut(
        _ data: [UInt8], zeroPacket: Bool, completion: @escaping @Sendable (USBTransferResult) -> Void
    ) -> USBTransferID {
        change { state in
            let transfer = BoardState.Transfer(
                id: state.nextID(), bytes: data, hasEmptyPacket: zeroPacket, completion: completion)
            guard state.isPlugged else { return state.refuse(transfer) }
            state.outTransfers.append(transfer)
            state.pumpOut()
            return transfer.id
        }
    }

    /// Submits a transfer to the host with room for `length` bytes; it ends when that is full or a short packet came.
    @discardableResult
    public func submitBulkIn(
        length: Int, completion: @escaping @Sendable (USBTransferResult) -> Void
    ) -> USBTransferID {
        change { state in
            let transfer = BoardState.Transfer(id: state.nextID(), length: max(0, length), completion: completion)
            guard state.isPlugged else { return state.refuse(transfer) }
            state.inTransfers.append(transfer)
            state.pumpIn()
            return transfer.id
        }
    }

    /// Cancels a transfer of any kind, which then ends with `cancelled`; false if it has ended by itself.
    @discardableResult
    public func cancel(_ id: USBTransferID) -> Bool {
        change { $0.cancel(id) }
    }
}

// The device's side.
extension USBBoardFunction {
    /// What ends a wait for the next arrival.
    var wake: @Sendable () -> Void {
        let doorbell = doorbell
        return { doorbell.ring() }
    }

    /// Waits for the next frame or event; nil when none came within the limit or the waker was used.
    func nextArrival(within limit: Duration) -> BoardState.Arrival? {
        let deadline = ContinuousClock.now + limit
        if let arrival = change({ $0.nextArrival() }) { return arrival }
        _ = doorbell.wait(within: ContinuousClock.now.duration(to: deadline))
        return change { $0.nextArrival() }
    }

    /// Sends a frame on a link; false if that has ended or takes no more.
    func send(_ frame: [UInt8], to peer: LinkPeer) -> Bool {
        change { state in
            guard peer == state.peer else { return false }
            return state.send(frame, on: state.link)
        }
    }

    /// Says whether a batch runs, for LINK_STATUS.
    func note(isBatchRunning: Bool) {
        change { $0.isBatchRunning = isBatchRunning }
    }

    /// Changes the state, then calls the completions that are due, and wakes the program if something came for it.
    private func change<Result: Sendable>(_ body: (inout BoardState) -> Result) -> Result {
        let (result, hasArrivals) = state.withLock { state in
            let count = state.arrivals.count
            let result = body(&state)
            return (result, state.arrivals.count > count)
        }
        if hasArrivals { doorbell.ring() }
        deliver()
        return result
    }

    /// Calls completions one after the other, without the lock. One thread at a time does so, or they would overtake
    /// each other; what others leave meanwhile, it finds.
    private func deliver() {
        var next = state.withLock { state in
            guard !state.isDelivering, !state.completions.isEmpty else { return nil as (@Sendable () -> Void)? }
            state.isDelivering = true
            return state.takeCompletion()
        }
        while let call = next {
            call()
            next = state.withLock { state in
                if let call = state.takeCompletion() { return call }
                state.isDelivering = false
                return nil
            }
        }
    }
}

extension BoardState {
    /// The next completion with its result.
    fileprivate mutating func takeCompletion() -> (@Sendable () -> Void)? {
        guard !completions.isEmpty else { return nil }
        let (completion, result) = completions.removeFirst()
        return { completion(result) }
    }

    /// Ends a transfer that came when the board was gone.
    fileprivate mutating func refuse(_ transfer: Transfer) -> USBTransferID {
        completions.append((transfer.completion, USBTransferResult(.gone)))
        return transfer.id
    }

    /// Ends a control transfer with its answer.
    fileprivate mutating func answer(_ transfer: Transfer) {
        guard let setup = transfer.setup else { return }
        let result =
            switch answer(setup, data: transfer.bytes) {
            case .data(let bytes):
                setup.isIn
                    ? USBTransferResult(.completed, bytes: bytes)
                    : USBTransferResult(.completed, count: transfer.bytes.count)
            case .stall: USBTransferResult(.stalled)
            case .gone: USBTransferResult(.gone)
            }
        completions.append((transfer.completion, result))
    }
}
