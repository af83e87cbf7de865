internal import CWireKernels

/// The checksum of headers and payloads: CRC-32C (Castagnoli), reflected, initial value and final inversion all ones
/// (`protocol/SPEC.md`, section 4.3).
///
/// Where the processor has an instruction for it, that is used; elsewhere sixteen tables take sixteen bytes a step. The
/// check value of "123456789" is `E3069283`.
package enum CRC32C {
    /// The checksum of some bytes.
    package static func checksum(_ bytes: Span<UInt8>) -> UInt32 {
        guard hasInstruction else { return tabulated(bytes) }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            return unsafe ~wire_crc32c(~0, start, bytes.count)
        }
    }

    /// The checksum of some bytes by tables, for processors without the instruction.
    package static func tabulated(_ bytes: Span<UInt8>) -> UInt32 {
        let t = tables.span
        precondition(t.count == 4_096, "the tables hold \(t.count) words, not 4096")
        var crc = ~UInt32(0)
        var i = 0
        while bytes.count - i >= 16 {
            let first =
                crc
                ^ (UInt32(bytes[i]) | UInt32(bytes[i + 1]) << 8 | UInt32(bytes[i + 2]) << 16
                    | UInt32(bytes[i + 3]) << 24)
            let a =
                t[Int(first & 255) + 3_840] ^ t[Int(first >> 8 & 255) + 3_584]
                ^ t[Int(first >> 16 & 255) + 3_328] ^ t[Int(first >> 24) + 3_072]
            let b =
                t[Int(bytes[i + 4]) + 2_816] ^ t[Int(bytes[i + 5]) + 2_560]
                ^ t[Int(bytes[i + 6]) + 2_304] ^ t[Int(bytes[i + 7]) + 2_048]
            let c =
                t[Int(bytes[i + 8]) + 1_792] ^ t[Int(bytes[i + 9]) + 1_536]
                ^ t[Int(bytes[i + 10]) + 1_280] ^ t[Int(bytes[i + 11]) + 1_024]
            let d =
                t[Int(bytes[i + 12]) + 768] ^ t[Int(bytes[i + 13]) + 512]
                ^ t[Int(bytes[i + 14]) + 256] ^ t[Int(bytes[i + 15])]
            crc = a ^ b ^ c ^ d
            i += 16
        }
        while i < bytes.count {
            crc = crc >> 8 ^ t[Int((crc ^ UInt32(bytes[i])) & 255)]
            i += 1
        }
        return ~crc
    }

    /// The checksum of some bytes.
    package static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 { checksum(bytes.span) }

    /// The checksum of a weight image, one byte a code.
    package static func checksum(image: [Int8]) -> UInt32 {
        guard hasInstruction else { return tabulated(image.map(UInt8.init(bitPattern:)).span) }
        return unsafe image.withUnsafeBytes { bytes in
            guard let start = unsafe bytes.bindMemory(to: UInt8.self).baseAddress else { return 0 }
            return unsafe ~wire_crc32c(~0, start, bytes.count)
        }
    }

    private static let hasInstruction = wire_have_crc32c()

    /// Table `k` holds the checksum of a byte followed by `k` zero bytes; shape `[16, 256]`.
    private static let tables: [UInt32] = {
        var tables = Array(repeating: UInt32(0), count: 4_096)
        for byte in 0..<256 {
            var crc = UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 0 ? crc >> 1 : crc >> 1 ^ 0x82F6_3B78 }
            tables[byte] = crc
        }
        for index in 256..<4_096 {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 255)]
        }
        return tables
    }()
}
