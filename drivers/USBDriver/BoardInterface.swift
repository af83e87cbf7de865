import CLibUSB

/// Where a device speaks the protocol: its interface of class FF, subclass 56, protocol 01 (USB-001).
///
/// Descriptors are a device's word: every count is held against its pointer before it is believed, and descriptors that
/// are not needed (associations, what classes add) are not walked.
struct BoardInterface: Hashable {
    /// The interface's number.
    var number: UInt8
    /// Address of the endpoint to the host.
    var input: UInt8
    /// Address of the endpoint to the board.
    var output: UInt8
    /// The configuration that has the interface.
    var configuration: UInt8
    /// Whether the system has chosen that configuration.
    var isConfigured: Bool

    /// What a look at a device gave.
    enum Finding: Hashable {
        /// The device is no board.
        case none
        /// The device is a board.
        case board(BoardInterface)
        /// The device says that it is a board but cannot be used as one.
        case flawed(String)
    }

    /// Looks for the interface in a device's active configuration, or in its first one if none is active.
    static func find(in device: OpaquePointer) -> Finding {
        var descriptor: UnsafeMutablePointer<libusb_config_descriptor>?
        var isConfigured = true
        if libusb_get_active_config_descriptor(device, &descriptor) != 0 {
            isConfigured = false
            guard libusb_get_config_descriptor(device, 0, &descriptor) == 0 else { return .none }
        }
        guard let descriptor else { return .none }
        defer { libusb_free_config_descriptor(descriptor) }
        let configuration = descriptor.pointee
        let interfaces = UnsafeBufferPointer(
            start: configuration.interface,
            count: configuration.interface == nil ? 0 : Int(configuration.bNumInterfaces))
        for interface in interfaces where interface.num_altsetting > 0 && interface.altsetting != nil {
            let settings = UnsafeBufferPointer(start: interface.altsetting, count: Int(interface.num_altsetting))
            for setting in settings where setting.speaksProtocol {
                return finding(setting, configuration.bConfigurationValue, isConfigured)
            }
        }
        return .none
    }

    private static func finding(
        _ setting: libusb_interface_descriptor, _ configuration: UInt8, _ isConfigured: Bool
    ) -> Finding {
        let endpoints = UnsafeBufferPointer(
            start: setting.endpoint, count: setting.endpoint == nil ? 0 : Int(setting.bNumEndpoints)
        ).filter { $0.bmAttributes & 0x03 == UInt8(LIBUSB_TRANSFER_TYPE_BULK.rawValue) }
        let inputs = endpoints.filter { $0.bEndpointAddress & 0x80 != 0 }
        let outputs = endpoints.filter { $0.bEndpointAddress & 0x80 == 0 }
        guard inputs.count == 1, outputs.count == 1 else {
            return .flawed(
                "its interface \(setting.bInterfaceNumber) has \(inputs.count) bulk IN and \(outputs.count) bulk OUT "
                    + "endpoints instead of one each (USB-001)")
        }
        for endpoint in endpoints {
            let size = Int(endpoint.wMaxPacketSize)
            guard size >= 8, size <= 1_024, size & (size - 1) == 0 else {
                return .flawed("its bulk endpoint states packets of \(size) bytes, which USB does not have")
            }
        }
        return .board(
            BoardInterface(
                number: setting.bInterfaceNumber, input: inputs[0].bEndpointAddress,
                output: outputs[0].bEndpointAddress, configuration: configuration, isConfigured: isConfigured))
    }
}

extension libusb_interface_descriptor {
    /// Whether this is alternate setting 0 of an interface for the protocol (USB-001).
    fileprivate var speaksProtocol: Bool {
        bAlternateSetting == 0 && bInterfaceClass == 0xFF && bInterfaceSubClass == 0x56 && bInterfaceProtocol == 0x01
    }
}
