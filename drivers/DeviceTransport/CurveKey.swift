/// A public key of CurveZMQ: 32 bytes, written as 64 hexadecimal digits.
public struct CurveKey: Sendable, Hashable, CustomStringConvertible {
    /// Length of a key, public or secret, in bytes.
    public static let byteCount = 32
    /// The key's bytes.
    public let bytes: [UInt8]

    /// A key of 32 bytes; nil for another number.
    public init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    public init?(_ text: some StringProtocol) {
        guard text.utf8.count == 2 * Self.byteCount, text.allSatisfy(\.isHexDigit) else { return nil }
        let digits = Array(text)
        bytes = stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(digits[index...index + 1]), radix: 16) ?? 0
        }
    }

    /// The 64 digits.
    public var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
