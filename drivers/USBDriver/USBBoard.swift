public import DeviceTransport

/// A board on USB, as it presents itself.
public struct USBBoard: Sendable, Hashable {
    /// Number of the bus.
    public var bus: Int
    /// Number of the device on the bus; another one after each plugging in.
    public var address: Int
    /// Number of the vendor.
    public var vendor: UInt16
    /// The vendor's number of the product.
    public var product: UInt16
    /// The serial number string, the chip's serial in decimal; nil if the board has none or could not be opened.
    public var serial: String?
    /// The product's name; nil if the board has none or could not be opened.
    public var productName: String?
    /// Versions, limits, boot id and serial; nil if the board could not be asked.
    public var info: USBLinkInfo?
    /// Why the board cannot be used, and what to do; nil if it can.
    public var problem: String?

    /// What to write after `--device` for this board.
    public var uri: DeviceURI {
        DeviceURI(link: .usb(USBSelection(vendor: vendor, product: product, serial: serial)))
    }

    /// The board in a few words: address, name, and where it is plugged in.
    public var summary: String {
        let name = productName.map { " \"\($0)\"" } ?? ""
        return "\(uri)\(name) (bus \(bus), device \(address))"
    }

    /// The device's file.
    let node: String

    /// A board that cannot be asked.
    init(_ device: USBDevice, problem: String) {
        self.init(device)
        self.problem = problem
    }

    /// A board that is open: asks it who it is.
    init(_ device: USBDevice, open handle: USBHandle, _ interface: BoardInterface) {
        self.init(device)
        do throws(USBFailure) {
            info = try handle.linkInfo(of: interface)
        } catch {
            problem = "LINK_INFO fails (USB-007): \(error)"
            // A board that answers nothing is not asked again and again.
            if error == .timedOut || error == .gone { return }
        }
        productName = handle.string(device.productIndex)
        serial = handle.string(device.serialIndex)
    }

    private init(_ device: USBDevice) {
        bus = device.bus
        address = device.address
        vendor = device.vendor
        product = device.product
        node = device.node
    }

    /// Whether a selection means this board.
    func isMeant(by selection: USBSelection) -> Bool {
        (selection.vendor ?? vendor) == vendor && (selection.product ?? product) == product
            && (selection.serial == nil || selection.serial == serial)
    }
}

/// The boards that are plugged in.
public enum USBBoards {
    /// Looks at all USB devices and asks each board who it is, also while another program uses it.
    ///
    /// They come by bus and number on it; one that cannot be opened or asked is listed with its problem.
    /// - Throws: `system`, when the process cannot use USB at all.
    public static func list() throws(TransportError) -> [USBBoard] {
        let context = try USBContext()
        defer { context.end() }
        let survey = try context.withDevices { devices throws(TransportError) in
            BoardSurvey(of: devices, keeping: nil, in: context)
        }
        return survey.others
    }
}
