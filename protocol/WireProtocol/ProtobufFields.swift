/// A control message as the fields that its bytes hold, without a schema: in the order of arrival, repetitions and unknown
/// ones included.
///
/// For those who have to see or write what the generated code hides: the conformance suite, its faulty devices, the
/// decoder of captures. Devices and hosts use the generated messages.
package struct ProtobufFields: Sendable, Hashable {
    /// What a field holds, by its form on the wire.
    package enum Value: Sendable, Hashable {
        /// Integers, booleans, enumerations.
        case varint(UInt64)
        /// `fixed64` and `double`.
        case fixed64(UInt64)
        /// Text, bytes, messages.
        case bytes([UInt8])
        /// `fixed32` and `float`.
        case fixed32(UInt32)
    }

    /// A field.
    package struct Field: Sendable, Hashable {
        /// Number in the message's definition.
        package var number: Int
        /// What it holds.
        package var value: Value
    }

    /// The fields, in the order of their bytes.
    package var fields: [Field] = []

    /// No fields.
    package init() {}

    /// Reads a message.
    ///
    /// - Throws: `badControl` with the place of the field that cannot be read; groups cannot.
    package init(parsing payload: some Sequence<UInt8>) throws(WireError) {
        let bytes = Array(payload)
        var place = 0
        while place < bytes.count {
            let start = place
            guard let field = Self.field(in: bytes, at: &place) else {
                throw WireError(.badControl, at: start, found: UInt64(bytes.count))
            }
            fields.append(field)
        }
    }

    /// The bytes, fields in their order.
    package func encoded() -> [UInt8] {
        var bytes: [UInt8] = []
        for field in fields {
            switch field.value {
            case .varint(let value):
                Self.append(UInt64(field.number) << 3, to: &bytes)
                Self.append(value, to: &bytes)
            case .fixed64(let value):
                Self.append(UInt64(field.number) << 3 | 1, to: &bytes)
                bytes.append(littleEndian: value)
            case .bytes(let value):
                Self.append(UInt64(field.number) << 3 | 2, to: &bytes)
                Self.append(UInt64(value.count), to: &bytes)
                bytes += value
            case .fixed32(let value):
                Self.append(UInt64(field.number) << 3 | 5, to: &bytes)
                bytes.append(littleEndian: value)
            }
        }
        return bytes
    }

    private static func field(in bytes: [UInt8], at place: inout Int) -> Field? {
        guard let tag = varint(in: bytes, at: &place), tag >> 3 > 0, tag >> 3 < 1 << 29 else { return nil }
        let value: Value
        switch tag & 7 {
        case 0:
            guard let number = varint(in: bytes, at: &place) else { return nil }
            value = .varint(number)
        case 1:
            guard let number = fixed(UInt64.self, in: bytes, at: &place) else { return nil }
            value = .fixed64(number)
        case 2:
            guard let count = varint(in: bytes, at: &place), count <= UInt64(bytes.count - place) else { return nil }
            value = .bytes(Array(bytes[place..<place + Int(count)]))
            place += Int(count)
        case 5:
            guard let number = fixed(UInt32.self, in: bytes, at: &place) else { return nil }
            value = .fixed32(number)
        default: return nil
        }
        return Field(number: Int(tag >> 3), value: value)
    }

    private static func varint(in bytes: [UInt8], at place: inout Int) -> UInt64? {
        var value: UInt64 = 0
        for shift in stride(from: 0, to: 70, by: 7) {
            guard place < bytes.count else { return nil }
            let byte = bytes[place]
            place += 1
            if shift < 64 { value |= UInt64(byte & 127) << UInt64(shift) }
            if byte < 128 { return value }
        }
        return nil
    }

    private static func fixed<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type, in bytes: [UInt8], at place: inout Int
    ) -> T? {
        var reader = ByteReader(bytes[place...])
        guard let value = try? reader.read(type) else { return nil }
        place += reader.offset
        return value
    }

    private static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest > 127 {
            bytes.append(UInt8(rest & 127) | 128)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}

extension ProtobufFields {
    /// All values of a field.
    package func values(_ number: Int) -> [Value] { fields.filter { $0.number == number }.map(\.value) }

    /// The last value of a field, as protobuf has it; `nil` where the field is absent.
    package func value(_ number: Int) -> Value? { fields.last { $0.number == number }?.value }

    /// An integer, a boolean as 0 or 1, or the bits of a fixed number; zero where the field is absent.
    package func number(_ number: Int) -> UInt64 {
        switch value(number) {
        case .varint(let value), .fixed64(let value): value
        case .fixed32(let value): UInt64(value)
        case .bytes, nil: 0
        }
    }

    /// Bytes; empty where the field is absent.
    package func bytes(_ number: Int) -> [UInt8] {
        if case .bytes(let bytes) = value(number) { bytes } else { [] }
    }

    /// Text, what is not UTF-8 replaced; empty where the field is absent.
    package func text(_ number: Int) -> String { String(decoding: bytes(number), as: UTF8.self) }

    /// A double; `nil` where the field is absent.
    package func double(_ number: Int) -> Double? {
        if case .fixed64(let bits) = value(number) { Double(bitPattern: bits) } else { nil }
    }

    /// A message; without fields where it is absent.
    ///
    /// - Throws: `badControl`.
    package func message(_ number: Int) throws(WireError) -> ProtobufFields {
        try ProtobufFields(parsing: bytes(number))
    }

    /// All messages of a repeated field.
    ///
    /// - Throws: `badControl`.
    package func messages(_ number: Int) throws(WireError) -> [ProtobufFields] {
        var list: [ProtobufFields] = []
        for case .bytes(let bytes) in values(number) { list.append(try ProtobufFields(parsing: bytes)) }
        return list
    }

    /// Whether a field is there.
    package func has(_ number: Int) -> Bool { value(number) != nil }

    /// Appends an integer.
    package mutating func add(_ number: Int, _ value: some BinaryInteger) {
        fields.append(Field(number: number, value: .varint(UInt64(truncatingIfNeeded: value))))
    }

    /// Appends a `fixed64`.
    package mutating func add(_ number: Int, fixed64 value: UInt64) {
        fields.append(Field(number: number, value: .fixed64(value)))
    }

    /// Appends a `fixed32`.
    package mutating func add(_ number: Int, fixed32 value: UInt32) {
        fields.append(Field(number: number, value: .fixed32(value)))
    }

    /// Appends a double.
    package mutating func add(_ number: Int, _ value: Double) { add(number, fixed64: value.bitPattern) }

    /// Appends bytes.
    package mutating func add(_ number: Int, bytes: [UInt8]) {
        fields.append(Field(number: number, value: .bytes(bytes)))
    }

    /// Appends text.
    package mutating func add(_ number: Int, _ text: String) { add(number, bytes: Array(text.utf8)) }

    /// Appends a message.
    package mutating func add(_ number: Int, _ message: ProtobufFields) { add(number, bytes: message.encoded()) }

    /// Gives a field one value, at its former place or at the end; with `nil` takes it away.
    package mutating func set(_ number: Int, _ value: Value?) {
        let place = fields.firstIndex { $0.number == number } ?? fields.count
        fields.removeAll { $0.number == number }
        if let value { fields.insert(Field(number: number, value: value), at: min(place, fields.count)) }
    }
}
