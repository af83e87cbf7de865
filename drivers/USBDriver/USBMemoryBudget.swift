import DeviceTransport
import Glibc

/// The memory that the kernel lets all USB programs together use for transfers.
enum USBMemoryBudget {
    /// Where the kernel states it, in MiB.
    static let file = "/sys/module/usbcore/parameters/usbfs_memory_mb"
    /// What to do where it does not suffice.
    static let remedy = "Raise it: echo 64 | sudo tee \(file)"

    /// The budget, in bytes; nil where there is no limit, or no such file.
    static func bytes() -> Int? {
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 32)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        let text = String(decoding: buffer.prefix(count), as: UTF8.self)
        guard let mebibytes = Int(text.prefix { $0.isNumber }), mebibytes > 0 else { return nil }
        return mebibytes << 20
    }

    /// Holds the need of a link against the budget.
    ///
    /// - Throws: `cannotConnect` with both numbers; without this check the kernel would refuse transfers later, far
    ///   from the cause.
    static func check() throws(TransportError) {
        guard let bytes = bytes(), bytes < USBLimits.kernelBytes else { return }
        throw TransportError(
            .cannotConnect,
            """
            a link over USB needs up to \(USBLimits.kernelBytes) bytes of the kernel's memory for transfers, and the \
            limit for all USB programs together is \(bytes) bytes (\(bytes >> 20) MiB in \(file)). \(remedy)
            """)
    }
}
