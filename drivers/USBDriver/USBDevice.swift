import CLibUSB
import DeviceTransport

/// A device on the bus that is not open; valid only while the list lives that it comes from.
struct USBDevice {
    private let raw: OpaquePointer
    private let context: USBContext
    /// Number of the vendor.
    let vendor: UInt16
    /// The vendor's number of the product.
    let product: UInt16
    /// Number of the bus.
    let bus: Int
    /// Number of the device on the bus; another one after each plugging in.
    let address: Int
    /// Index of the string that is the serial; 0 for none.
    let serialIndex: UInt8
    /// Index of the string that names the product; 0 for none.
    let productIndex: UInt8

    /// The device behind libusb's handle.
    init(raw: OpaquePointer, context: USBContext) {
        var descriptor = libusb_device_descriptor()
        // The system has it at hand: nothing is asked of the device, and nothing can fail.
        libusb_get_device_descriptor(raw, &descriptor)
        self.raw = raw
        self.context = context
        vendor = descriptor.idVendor
        product = descriptor.idProduct
        bus = Int(libusb_get_bus_number(raw))
        address = Int(libusb_get_device_address(raw))
        serialIndex = descriptor.iSerialNumber
        productIndex = descriptor.iProduct
    }

    /// Whether the device is a board, as its descriptors say.
    var interface: BoardInterface.Finding { BoardInterface.find(in: raw) }

    /// The device's file, which the user needs to be allowed to write.
    var node: String { "/dev/bus/usb/\(Self.threeDigits(bus))/\(Self.threeDigits(address))" }

    /// Opens the device.
    func open() throws(USBFailure) -> USBHandle {
        var handle: OpaquePointer?
        let result = libusb_open(raw, &handle)
        guard result == 0, let handle else { throw USBFailure(call: result) }
        let open = USBHandle(raw: handle, context: context)
        context.adopt(open)
        return open
    }

    private static func threeDigits(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, 3 - text.count)) + text
    }
}
