import WireProtocol

/// Changes to a payload that keep most of it in place: bytes of a block, fields of a control message.
enum PayloadEdit {
    /// Numbers at which decoders err.
    private static let numbers: [UInt64] = [
        0, 1, 2, 3, 15, 16, 17, 255, 256, 2_047, 2_048, 65_535, 65_536, 1 << 20, 1 << 24, 1 << 31 - 1, 1 << 31,
        UInt64(UInt32.max), 1 << 32, 1 << 53, 1 << 63, .max,
    ]

    /// A payload after as many edits as the program says, one mostly.
    static func edited(_ payload: [UInt8], _ program: inout FuzzReader) -> [UInt8] {
        var payload = payload
        for _ in 0...Int(program.byte() & 3) {
            if program.byte() & 1 == 0, var fields = try? ProtobufFields(parsing: payload) {
                editFields(&fields, &program, depth: 0)
                payload = fields.encoded()
            } else {
                editBytes(&payload, &program)
            }
        }
        return payload
    }

    private static func editFields(_ message: inout ProtobufFields, _ program: inout FuzzReader, depth: Int) {
        let kind = program.byte()
        guard !message.fields.isEmpty else {
            return message.add(1 + Int(kind & 15), numbers[Int(kind) % numbers.count])
        }
        let place = Int(program.byte()) % message.fields.count
        switch kind % 9 {
        case 0: message.fields.remove(at: place)
        case 1: message.fields.insert(message.fields[place], at: Int(program.byte()) % message.fields.count)
        case 2: message.fields.reverse()
        case 3: message.fields[place].number = 1 + Int(program.byte() & 31)
        case 4: message.fields[place].value = .varint(numbers[Int(program.byte()) % numbers.count])
        case 5: message.fields[place].value = .fixed64(numbers[Int(program.byte()) % numbers.count])
        case 6: message.fields[place].value = .bytes(program.bytes(Int(program.byte() & 63)))
        case 7: message.fields[place].value = .fixed32(UInt32(truncatingIfNeeded: program.word()) << 16)
        default:
            // Within a message of the message, if that is one.
            guard depth < 4, case .bytes(let inner) = message.fields[place].value,
                var nested = try? ProtobufFields(parsing: inner)
            else { return }
            editFields(&nested, &program, depth: depth + 1)
            message.fields[place].value = .bytes(nested.encoded())
        }
    }

    private static func editBytes(_ bytes: inout [UInt8], _ program: inout FuzzReader) {
        let kind = program.byte()
        guard !bytes.isEmpty else {
            bytes = program.bytes(Int(kind & 31))
            return
        }
        let place = program.word() % bytes.count
        switch kind % 6 {
        case 0: bytes[place] ^= 1 << (program.byte() & 7)
        case 1: bytes[place] = program.byte()
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.insert(contentsOf: program.bytes(Int(program.byte() & 15)), at: place)
        case 4 where place + 4 <= bytes.count:
            bytes.store(
                littleEndian: UInt32(truncatingIfNeeded: numbers[Int(program.byte()) % numbers.count]), at: place)
        default: bytes += program.bytes(Int(program.byte() & 15))
        }
    }
}
