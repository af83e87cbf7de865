import CLibUSB
import DeviceTransport
import Dispatch
import Glibc
import Synchronization

/// A libusb context and its one event thread, which alone takes it down.
///
/// No transfer is submitted once the end has begun; then all that are under way are called back, again and again,
/// until they are back or the time is up. So no order of submitting, cancelling and unplugging can wait for ever.
///
/// Unchecked, because libusb's contexts may be used from any thread, and the rest is behind a lock.
final class USBContext: @unchecked Sendable {
    private struct State {
        var isEnding = false
        var underWay: [ObjectIdentifier: USBTransfer] = [:]
        var handles: [ObjectIdentifier: USBHandle] = [:]
    }

    private let handle: OpaquePointer
    private let state = Mutex(State())
    private let hasEnded = DispatchSemaphore(value: 0)
    private let isGivenUp = Atomic<Bool>(false)

    /// A context, with its thread running.
    ///
    /// - Throws: `system`, when the process has no descriptors or threads left.
    init() throws(TransportError) {
        var handle: OpaquePointer?
        let result = libusb_init(&handle)
        guard result == 0, let handle else {
            throw TransportError(
                .system, "cannot start libusb: \(USBFailure(call: result))")
        }
        self.handle = handle
        var thread = pthread_t()
        let held = Unmanaged.passRetained(self)
        let error = pthread_create(&thread, nil, usbEventThread, held.toOpaque())
        guard error == 0 else {
            held.release()
            libusb_exit(handle)
            throw TransportError(.system, "cannot start a thread for USB", errno: error)
        }
        pthread_detach(thread)
        USBResources.Count.contexts.add(1, ordering: .relaxed)
    }

    /// Hands the devices on the bus to `body`; they must not leave it.
    func withDevices<Result>(
        _ body: ([USBDevice]) throws(TransportError) -> Result
    ) throws(TransportError) -> Result {
        var list: UnsafeMutablePointer<OpaquePointer?>?
        let count = libusb_get_device_list(handle, &list)
        guard count >= 0, let list else {
            throw TransportError(.system, "cannot list the USB devices: \(USBFailure(call: Int32(count)))")
        }
        defer { libusb_free_device_list(list, 1) }
        let devices = (0..<count).compactMap { list[$0] }.map { USBDevice(raw: $0, context: self) }
        return try body(devices)
    }

    /// Starts a transfer, unless the end has begun.
    func submit(_ transfer: USBTransfer) throws(USBFailure) {
        // Under the lock, so that the end finds every transfer either under way or not yet submitted.
        let result = state.withLock { state in
            guard !state.isEnding else { return LIBUSB_ERROR_INTERRUPTED.rawValue }
            state.underWay[ObjectIdentifier(transfer)] = transfer
            let result = transfer.submitted()
            if result != 0 { state.underWay[ObjectIdentifier(transfer)] = nil }
            return result
        }
        if result != 0 { throw USBFailure(call: result) }
    }

    /// Calls a transfer back, if it is under way.
    func cancel(_ transfer: USBTransfer) {
        state.withLock { state in
            if state.underWay[ObjectIdentifier(transfer)] != nil { transfer.cancel() }
        }
    }

    /// A transfer is back.
    func hasCompleted(_ transfer: USBTransfer) {
        state.withLock { $0.underWay[ObjectIdentifier(transfer)] = nil }
    }

    /// Keeps an open board until `close` or the end.
    func adopt(_ board: USBHandle) {
        state.withLock { $0.handles[ObjectIdentifier(board)] = board }
    }

    /// Closes a board that has nothing under way; one that has is left to the end.
    func close(_ board: USBHandle) {
        let isFree = state.withLock { state in
            guard !state.isEnding, !state.underWay.values.contains(where: { $0.belongs(to: board) }) else {
                return false
            }
            return state.handles.removeValue(forKey: ObjectIdentifier(board)) != nil
        }
        if isFree { board.closeNow() }
    }

    /// Ends all: transfers are called back, boards closed. Returns within `USBLimits.teardown`; `false` when that was
    /// not enough and something was given up.
    @discardableResult func end() -> Bool {
        let isFirst = state.withLock { state in
            guard !state.isEnding else { return false }
            state.isEnding = true
            // Under the lock: once the thread has seen the flag, the handle may be gone.
            libusb_interrupt_event_handler(handle)
            return true
        }
        guard isFirst else { return true }
        if hasEnded.wait(timeout: .now() + USBLimits.teardown.dispatchInterval) == .success {
            return !isGivenUp.load(ordering: .relaxed)
        }
        if !isGivenUp.exchange(true, ordering: .relaxed) {
            USBResources.Count.abandonedContexts.add(1, ordering: .relaxed)
        }
        return false
    }

    /// The event thread.
    fileprivate func run() {
        while !state.withLock({ $0.isEnding }) { handleEvents(within: USBLimits.slice) }
        let limit = ContinuousClock.now + USBLimits.teardown - .milliseconds(200)
        while callBackAll() > 0, ContinuousClock.now < limit { handleEvents(within: .milliseconds(20)) }
        let (left, handles) = state.withLock { state in
            defer { state.handles = [:] }
            return (state.underWay.count, Array(state.handles.values))
        }
        if left == 0 {
            for board in handles { board.closeNow() }
            libusb_exit(handle)
            USBResources.Count.contexts.subtract(1, ordering: .relaxed)
        } else {
            USBResources.Count.abandonedTransfers.add(left, ordering: .relaxed)
            if !isGivenUp.exchange(true, ordering: .relaxed) {
                USBResources.Count.abandonedContexts.add(1, ordering: .relaxed)
            }
        }
        hasEnded.signal()
    }

    /// Calls back what is under way and returns how much that is.
    private func callBackAll() -> Int {
        state.withLock { state in
            for transfer in state.underWay.values { transfer.cancel() }
            return state.underWay.count
        }
    }

    private func handleEvents(within limit: Duration) {
        var time = timeval(tv_sec: 0, tv_usec: Int(limit / .microseconds(1)))
        let result = libusb_handle_events_timeout_completed(handle, &time, nil)
        // An error that lasts must not make the thread spin.
        if result != 0, result != LIBUSB_ERROR_INTERRUPTED.rawValue { usleep(1_000) }
    }
}

/// The thread's body: outside of any actor, since it runs on a thread of its own.
private func usbEventThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<USBContext>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

extension Duration {
    /// The same length for Dispatch.
    var dispatchInterval: DispatchTimeInterval { .nanoseconds(Int(max(.zero, self) / .nanoseconds(1))) }
}
