import CLibUSB

/// A transfer with its memory. It is freed when nobody holds it, and libusb holds it until it has called back.
///
/// Unchecked, because libusb's transfers belong to one side at a time: to the submitter until it is submitted, to
/// libusb until the callback, then to the callback on the event thread.
final class USBTransfer: @unchecked Sendable {
    /// What libusb works on.
    private let raw: UnsafeMutablePointer<libusb_transfer>
    private let memory: UnsafeMutableRawBufferPointer
    private let context: USBContext
    private let completion: @Sendable (USBTransfer) -> Void

    /// A transfer of `capacity` bytes at an endpoint of an open board; a control transfer's bytes begin with its setup.
    ///
    /// `completion` is called on the event thread, once for each submission that worked.
    init(
        _ kind: libusb_transfer_type, endpoint: UInt8, of handle: USBHandle, capacity: Int,
        completion: @escaping @Sendable (USBTransfer) -> Void
    ) throws(USBFailure) {
        guard let raw = libusb_alloc_transfer(0) else { throw .noMemory }
        self.raw = raw
        memory = .allocate(byteCount: max(1, capacity), alignment: 16)
        context = handle.context
        self.completion = completion
        raw.pointee.dev_handle = handle.raw
        raw.pointee.endpoint = endpoint
        raw.pointee.type = UInt8(kind.rawValue)
        raw.pointee.timeout = 0
        raw.pointee.buffer = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        raw.pointee.length = Int32(capacity)
        raw.pointee.callback = usbTransferCompleted
        USBResources.Count.transfers.add(1, ordering: .relaxed)
    }

    deinit {
        libusb_free_transfer(raw)
        memory.deallocate()
        USBResources.Count.transfers.subtract(1, ordering: .relaxed)
    }

    /// Bytes asked for or sent.
    var length: Int { Int(raw.pointee.length) }
    /// Bytes that really came or went; without a control transfer's setup.
    var actualLength: Int { min(length, max(0, Int(raw.pointee.actual_length))) }
    /// What went wrong; nil if nothing did.
    var failure: USBFailure? { USBFailure(transfer: raw.pointee.status) }

    /// The bytes that came, from an offset on.
    func bytes(from offset: Int = 0) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[offset..<min(memory.count, offset + actualLength)])
    }

    /// Sets what is sent. Traps if it is longer than the capacity.
    func fill(_ bytes: some Collection<UInt8>) { memory.copyBytes(from: bytes) }

    /// Asks for an empty packet after a whole number of full ones, so that the other side sees the end (USB-002).
    func endWithShortPacket() { raw.pointee.flags = UInt8(LIBUSB_TRANSFER_ADD_ZERO_PACKET.rawValue) }

    /// Hands the transfer to libusb. For the context only, which counts what is under way.
    func submitted() -> Int32 {
        let held = Unmanaged.passRetained(self)
        raw.pointee.user_data = held.toOpaque()
        let result = libusb_submit_transfer(raw)
        if result != 0 { held.release() }
        return result
    }

    /// Whether the transfer is one of a board.
    func belongs(to handle: USBHandle) -> Bool { raw.pointee.dev_handle == handle.raw }

    /// Asks libusb to call back; for the context only, and only while it is under way.
    func cancel() { libusb_cancel_transfer(raw) }

    /// Called once by libusb, on the event thread.
    fileprivate func completed() {
        context.hasCompleted(self)
        completion(self)
    }
}

/// libusb's callback for every transfer: outside of any actor, since it comes on libusb's own thread.
private func usbTransferCompleted(_ raw: UnsafeMutablePointer<libusb_transfer>?) {
    guard let held = raw?.pointee.user_data else { return }
    Unmanaged<USBTransfer>.fromOpaque(held).takeRetainedValue().completed()
}
