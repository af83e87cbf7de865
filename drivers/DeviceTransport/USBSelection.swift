/// Which boards on USB are meant: `VENDOR:PRODUCT/SERIAL`, where `/SERIAL`, or everything, may be left out.
///
/// Vendor and product are hexadecimal numbers of four digits, as in `lsusb`.
public struct USBSelection: Sendable, Hashable, CustomStringConvertible {
    /// Number of the vendor; nil for any.
    public var vendor: UInt16?
    /// The vendor's number of the product; nil for any.
    public var product: UInt16?
    /// The board's serial number string; nil for any.
    public var serial: String?

    /// Boards of a vendor and product with a serial; nil stands for any.
    public init(vendor: UInt16? = nil, product: UInt16? = nil, serial: String? = nil) {
        self.vendor = vendor
        self.product = product
        self.serial = serial
    }

    /// Parses what follows `usb:`.
    init(_ text: some StringProtocol) throws(DeviceURI.Flaw) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard !parts[1].isEmpty else { throw DeviceURI.Flaw(reason: "the serial after \"/\" is missing") }
            serial = String(parts[1])
        }
        guard let first = parts.first, !first.isEmpty else { return }
        let numbers = first.split(separator: ":", omittingEmptySubsequences: false)
        guard numbers.count == 2 else {
            throw DeviceURI.Flaw(reason: "\"\(first)\" is not VENDOR:PRODUCT")
        }
        vendor = try Self.number(numbers[0])
        product = try Self.number(numbers[1])
    }

    /// The form that `usb:` takes.
    public var description: String {
        var text = ""
        if let vendor, let product { text = "\(Self.digits(vendor)):\(Self.digits(product))" }
        if let serial { text += "/\(serial)" }
        return text
    }

    private static func number(_ text: some StringProtocol) throws(DeviceURI.Flaw) -> UInt16 {
        guard text.count == 4, text.allSatisfy(\.isHexDigit), let number = UInt16(text, radix: 16) else {
            throw DeviceURI.Flaw(reason: "\"\(text)\" is not a number of four hexadecimal digits, such as 1209")
        }
        return number
    }

    private static func digits(_ number: UInt16) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 4 - text.count) + text
    }
}
