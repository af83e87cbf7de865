import Foundation

extension SafetensorsFile.Elements {
    /// Number of elements.
    var count: Int {
        switch self {
        case .float32(let values): values.count
        case .float64(let values): values.count
        case .uint8(let values): values.count
        case .int8(let values): values.count
        case .int32(let values): values.count
        case .int64(let values): values.count
        }
    }

    /// The format's name of the type.
    var dtype: String {
        switch self {
        case .float32: "F32"
        case .float64: "F64"
        case .uint8: "U8"
        case .int8: "I8"
        case .int32: "I32"
        case .int64: "I64"
        }
    }

    /// Appends the elements, little-endian.
    func append(to data: inout Data) {
        switch self {
        case .float32(let values): data.append(contentsOf: values.flatMapBytes { $0.bitPattern })
        case .float64(let values): data.append(contentsOf: values.flatMapBytes { $0.bitPattern })
        case .uint8(let values): data.append(contentsOf: values)
        case .int8(let values): data.append(contentsOf: values.map { UInt8(bitPattern: $0) })
        case .int32(let values): data.append(contentsOf: values.flatMapBytes { $0 })
        case .int64(let values): data.append(contentsOf: values.flatMapBytes { $0 })
        }
    }

    /// Reads elements of a type; nil if the type is unknown or the bytes do not divide.
    init?(dtype: String, bytes: Data) {
        func integers<Integer: FixedWidthInteger>(_ type: Integer.Type) -> [Integer]? {
            let width = Integer.bitWidth / 8
            guard bytes.count % width == 0 else { return nil }
            return stride(from: 0, to: bytes.count, by: width).map {
                Integer(truncatingIfNeeded: bytes.littleEndianInteger(at: $0, bytes: width))
            }
        }
        switch dtype {
        case "F32":
            guard let raw = integers(UInt32.self) else { return nil }
            self = .float32(raw.map(Float.init(bitPattern:)))
        case "F64":
            guard let raw = integers(UInt64.self) else { return nil }
            self = .float64(raw.map(Double.init(bitPattern:)))
        case "U8": self = .uint8(Array(bytes))
        case "I8": self = .int8(bytes.map { Int8(bitPattern: $0) })
        case "I32":
            guard let raw = integers(Int32.self) else { return nil }
            self = .int32(raw)
        case "I64":
            guard let raw = integers(Int64.self) else { return nil }
            self = .int64(raw)
        default: return nil
        }
    }
}

extension Array {
    /// The little-endian bytes of an integer made of each element.
    fileprivate func flatMapBytes<Integer: FixedWidthInteger>(
        _ integer: (Element) -> Integer
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * Integer.bitWidth / 8)
        for element in self {
            var rest = integer(element).littleEndian
            for _ in 0..<Integer.bitWidth / 8 {
                bytes.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
        }
        return bytes
    }
}

extension Data {
    /// Appends an integer, little-endian.
    mutating func appendLittleEndian(_ value: UInt64) {
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// An integer of up to 8 bytes at an offset from the start, little-endian.
    func littleEndianInteger(at offset: Int, bytes: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<bytes).reversed() {
            value = value << 8 | UInt64(self[startIndex + offset + index])
        }
        return value
    }
}
