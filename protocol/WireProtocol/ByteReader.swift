/// Reads little-endian values from bytes that cannot be trusted; offsets in errors count from the first byte.
package struct ByteReader {
    private let bytes: ArraySlice<UInt8>
    /// Bytes read so far.
    package private(set) var offset = 0

    /// A reader at the start of some bytes.
    package init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    /// Bytes not read yet.
    package var remaining: Int { bytes.count - offset }

    /// The next unsigned integer.
    ///
    /// - Throws: `truncated` when there are too few bytes.
    package mutating func read<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type = T.self
    ) throws(WireError) -> T {
        let size = T.bitWidth / 8
        try require(size)
        let start = bytes.startIndex + offset
        var value: T = 0
        for index in 0..<size {
            value |= T(truncatingIfNeeded: bytes[start + index]) << T(8 * index)
        }
        offset += size
        return value
    }

    /// The next bytes, as a view.
    ///
    /// - Throws: `truncated` when there are too few.
    package mutating func read(count: Int) throws(WireError) -> ArraySlice<UInt8> {
        try require(count)
        let start = bytes.startIndex + offset
        offset += count
        return bytes[start..<start + count]
    }

    /// Reads an integer that must be zero.
    ///
    /// - Throws: `reservedNonzero`, or `truncated`.
    package mutating func readReserved<T: FixedWidthInteger & UnsignedInteger>(
        _ type: T.Type
    ) throws(WireError) {
        let place = offset
        let value = try read(type)
        guard value == 0 else {
            throw WireError(.reservedNonzero, at: place, found: UInt64(value))
        }
    }

    /// Reads a 32-bit count and holds it against its limit.
    ///
    /// - Throws: `tooLarge`, or `truncated`.
    package mutating func readCount(limit: Int) throws(WireError) -> Int {
        let place = offset
        let value = try read(UInt32.self)
        guard Int(value) <= limit else {
            throw WireError(.tooLarge, at: place, expected: UInt64(limit), found: UInt64(value))
        }
        return Int(value)
    }

    /// - Throws: `truncated` when fewer than `count` bytes are left.
    package func require(_ count: Int) throws(WireError) {
        guard count <= remaining else {
            throw WireError(
                .truncated, at: bytes.count, expected: UInt64(offset + count),
                found: UInt64(bytes.count))
        }
    }

    /// - Throws: `trailingBytes` when not everything has been read.
    package func finish() throws(WireError) {
        guard remaining == 0 else {
            throw WireError(
                .trailingBytes, at: offset, expected: UInt64(offset), found: UInt64(bytes.count))
        }
    }
}

extension [UInt8] {
    /// Appends an integer, little-endian.
    package mutating func append<T: FixedWidthInteger>(littleEndian value: T) {
        for index in 0..<T.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: value >> T(8 * index)))
        }
    }

    /// Overwrites bytes with an integer, little-endian. Traps if it does not fit.
    package mutating func store<T: FixedWidthInteger>(littleEndian value: T, at offset: Int) {
        for index in 0..<T.bitWidth / 8 {
            self[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
    }
}
