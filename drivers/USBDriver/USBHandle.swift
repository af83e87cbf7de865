import CLibUSB
import Dispatch
import Synchronization

/// A device that is open. Its context closes it.
///
/// Unchecked, because libusb's handles may be used from any thread.
final class USBHandle: @unchecked Sendable {
    /// libusb's handle.
    let raw: OpaquePointer
    /// The context that the handle belongs to.
    let context: USBContext
    private let claimed = Atomic<Int>(-1)

    /// The device behind an open handle.
    init(raw: OpaquePointer, context: USBContext) {
        self.raw = raw
        self.context = context
        USBResources.Count.handles.add(1, ordering: .relaxed)
    }

    /// Takes an interface for this process alone.
    func claim(_ interface: BoardInterface) throws(USBFailure) {
        if !interface.isConfigured {
            try check(libusb_set_configuration(raw, Int32(interface.configuration)))
        }
        try check(libusb_claim_interface(raw, Int32(interface.number)))
        claimed.store(Int(interface.number), ordering: .relaxed)
    }

    /// Ends a halt of an endpoint, which also makes both sides count packets from the start again.
    func clearHalt(of endpoint: UInt8) throws(USBFailure) { try check(libusb_clear_halt(raw, endpoint)) }

    /// Gives all back. For the context, when nothing is under way.
    func closeNow() {
        let interface = claimed.load(ordering: .relaxed)
        if interface >= 0 { libusb_release_interface(raw, Int32(interface)) }
        libusb_close(raw)
        USBResources.Count.handles.subtract(1, ordering: .relaxed)
    }

    /// Makes a control request and waits for its end.
    ///
    /// - Parameters:
    ///   - type: `bmRequestType`; its highest bit asks for data.
    ///   - data: What is sent with it.
    ///   - length: Bytes asked for.
    /// - Returns: What came; empty for requests to the device.
    func control(
        _ type: UInt8, _ request: UInt8, value: UInt16 = 0, index: UInt16, data: [UInt8] = [], length: Int = 0
    ) throws(USBFailure) -> [UInt8] {
        let isIn = type & 0x80 != 0
        let size = isIn ? length : data.count
        let setup: [UInt8] = [
            type, request, UInt8(truncatingIfNeeded: value), UInt8(truncatingIfNeeded: value >> 8),
            UInt8(truncatingIfNeeded: index), UInt8(truncatingIfNeeded: index >> 8),
            UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8),
        ]
        let answer = ControlAnswer()
        let transfer = try USBTransfer(
            LIBUSB_TRANSFER_TYPE_CONTROL, endpoint: 0, of: self, capacity: setup.count + size
        ) { answer.set($0.failure, $0.failure == nil && isIn ? Array($0.bytes(from: setup.count)) : []) }
        transfer.fill(isIn ? setup : setup + data)
        try context.submit(transfer)
        if let result = answer.wait(within: USBLimits.controlPatience) { return try result.get() }
        context.cancel(transfer)
        // Where even that does not bring it back, the transfer keeps itself alive until it is or the context gives up.
        _ = answer.wait(within: .milliseconds(500))
        throw .timedOut
    }

    /// A string of the device in the first language that it offers; nil if it has none.
    func string(_ index: UInt8) -> String? {
        guard index != 0, let languages = try? descriptor(index: 0, language: 0), languages.count >= 2 else {
            return nil
        }
        let language = UInt16(languages[0]) | UInt16(languages[1]) << 8
        guard let bytes = try? descriptor(index: index, language: language) else { return nil }
        let units = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
        return String(decoding: units, as: UTF16.self)
    }

    /// A string descriptor without its two first bytes, cut to the length that it states.
    private func descriptor(index: UInt8, language: UInt16) throws(USBFailure) -> [UInt8] {
        let bytes = try control(0x80, 0x06, value: 0x0300 | UInt16(index), index: language, length: 255)
        guard bytes.count >= 2, bytes[1] == 0x03 else { throw .length(bytes.count, expected: 2) }
        return Array(bytes.prefix(Int(bytes[0])).dropFirst(2))
    }

    private func check(_ result: Int32) throws(USBFailure) {
        if result < 0 { throw USBFailure(call: result) }
    }
}

/// The end of a control request, on its way from the event thread.
private final class ControlAnswer: Sendable {
    private let result = Mutex<Result<[UInt8], USBFailure>?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func set(_ failure: USBFailure?, _ bytes: [UInt8]) {
        result.withLock { $0 = failure.map { .failure($0) } ?? .success(bytes) }
        isThere.signal()
    }

    /// The result, waiting for it in slices; nil if the limit passes.
    func wait(within limit: Duration) -> Result<[UInt8], USBFailure>? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let result = result.withLock({ $0 }) { return result }
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { return nil }
            _ = isThere.wait(timeout: .now() + min(left, USBLimits.slice).dispatchInterval)
        }
    }
}
