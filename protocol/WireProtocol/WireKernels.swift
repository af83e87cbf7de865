internal import CWireKernels
internal import Substrate

/// The loops over bulk data, in C: the one file beside the checksum's where this module touches memory by address.
enum WireKernels {
    /// Appends events as the wire has them: four bytes each, tick first.
    static func append(_ events: ArraySlice<SpikeEvent>, to bytes: inout [UInt8]) {
        unsafe events.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends words, little-endian.
    static func append(_ words: [UInt32], to bytes: inout [UInt8]) {
        unsafe words.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Appends codes, a byte each.
    static func append(_ codes: [Int8], to bytes: inout [UInt8]) {
        unsafe codes.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
    }

    /// Events from the wire, unchecked. Traps unless the bytes are whole events.
    static func events(_ bytes: ArraySlice<UInt8>) -> [SpikeEvent] {
        copied(bytes)
    }

    /// Words from the wire. Traps unless the bytes are whole words.
    static func words(_ bytes: ArraySlice<UInt8>) -> [UInt32] {
        copied(bytes)
    }

    /// Codes from the wire.
    static func codes(_ bytes: ArraySlice<UInt8>) -> [Int8] {
        copied(bytes)
    }

    /// The index of the first event out of range or order; `nil` if there is none.
    ///
    /// - Parameter ends: for each entry the index after its last event; not falling, the last one the number of events.
    static func firstBadEvent(
        _ events: [SpikeEvent], ends: [UInt32], unitCount: Int, window: Int
    ) -> Int? {
        let index = unsafe events.withUnsafeBytes { events in
            unsafe ends.withUnsafeBufferPointer { ends in
                unsafe wire_first_bad_event(
                    events.bindMemory(to: UInt8.self).baseAddress, ends.baseAddress, ends.count,
                    UInt32(clamping: unitCount), UInt32(clamping: window))
            }
        }
        return index < events.count ? index : nil
    }

    /// The bytes of a weight block's body that changes one image into another of the same size: bitmap, then codes;
    /// `nil` when that is no shorter than the image.
    static func delta(from old: [Int8], to image: [Int8]) -> (body: [UInt8], changed: Int)? {
        let bitmapCount = (image.count + 7) / 8
        let room = image.count - bitmapCount - 1
        guard room >= 0 else { return nil }
        var changed = 0
        let body = unsafe [UInt8](unsafeUninitializedCapacity: bitmapCount + room) { body, count in
            unsafe body.initialize(repeating: 0)
            changed = unsafe old.withUnsafeBufferPointer { old in
                unsafe image.withUnsafeBufferPointer { image in
                    unsafe body.withMemoryRebound(to: Int8.self) { signed in
                        unsafe wire_image_delta(
                            old.baseAddress, image.baseAddress, image.count, body.baseAddress,
                            signed.baseAddress.map { unsafe $0 + bitmapCount }, room)
                    }
                }
            }
            count = bitmapCount + min(changed, room)
        }
        return changed > room ? nil : (body, changed)
    }

    /// Writes the codes of a delta to the places that its bitmap marks.
    ///
    /// - Returns: the codes written, and the index of the bitmap's first byte that marks no place of the image or finds
    ///   no code left, if there is one.
    static func apply(
        bitmap: ArraySlice<UInt8>, codes: ArraySlice<UInt8>, to image: inout [Int8]
    ) -> (written: Int, badByte: Int?) {
        precondition(bitmap.count == (image.count + 7) / 8, "\(bitmap.count) bytes for \(image.count) codes")
        var used = 0
        let end = unsafe bitmap.withUnsafeBufferPointer { bitmap in
            unsafe codes.withUnsafeBytes { codes in
                unsafe image.withUnsafeMutableBufferPointer { image in
                    unsafe wire_apply_delta(
                        bitmap.baseAddress, codes.bindMemory(to: Int8.self).baseAddress, codes.count,
                        image.baseAddress, image.count, &used)
                }
            }
        }
        return (used, end == bitmap.count ? nil : end)
    }

    /// The index of the first code whose magnitude is above a limit; `nil` if there is none.
    static func firstCode(above limit: Int, in codes: ArraySlice<UInt8>) -> Int? {
        let index = unsafe codes.withUnsafeBytes { codes in
            unsafe wire_first_code_above(
                codes.bindMemory(to: Int8.self).baseAddress, codes.count, Int32(clamping: limit))
        }
        return index < codes.count ? index : nil
    }

    private static func copied<Element: BitwiseCopyable>(_ bytes: ArraySlice<UInt8>) -> [Element] {
        let size = MemoryLayout<Element>.stride
        precondition(bytes.count % size == 0, "\(bytes.count) bytes are not whole elements of \(size)")
        return unsafe [Element](unsafeUninitializedCapacity: bytes.count / size) { elements, count in
            unsafe bytes.withUnsafeBytes { unsafe UnsafeMutableRawBufferPointer(elements).copyMemory(from: $0) }
            count = bytes.count / size
        }
    }
}
