import Substrate
import SwiftProtobuf

/// Control messages to bytes and back, within the depth that the specification allows.
enum ControlCodec {
    /// Nesting of a control message; `protocol/SPEC.md`, section 8.
    private static let depth = 4

    /// The bytes of a message.
    static func encode(_ message: some SwiftProtobuf.Message) -> [UInt8] {
        do {
            return try message.serializedBytes()
        } catch {
            preconditionFailure("a control message without required fields failed to encode: \(error)")
        }
    }

    /// Parses a message; fields that are not known are dropped.
    ///
    /// - Throws: `badControl`.
    static func decode<M: SwiftProtobuf.Message>(
        _ type: M.Type, _ payload: ArraySlice<UInt8>
    ) throws(WireError) -> M {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = depth
        options.discardUnknownFields = true
        do {
            return try M(serializedBytes: Array(payload), options: options)
        } catch {
            throw WireError(.badControl, at: 0, found: UInt64(payload.count))
        }
    }
}

extension Duration {
    /// Whole milliseconds, rounded down; zero for negative times.
    var milliseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        return UInt64(seconds) * 1_000 + UInt64(attoseconds / 1_000_000_000_000_000)
    }

    /// A time in milliseconds from the wire, at most a century.
    init(wireMilliseconds: UInt64) {
        self = .milliseconds(Int64(min(wireMilliseconds, 3_200_000_000_000)))
    }
}

extension String {
    /// The text, or what of it fits into so many bytes of UTF-8, in whole scalars.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: limit)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(unicodeScalars[..<end])
    }
}

extension PBLimits {
    /// The wire's form of limits.
    init(_ limits: WireLimits) {
        self.init()
        framePayload = UInt32(limits.framePayload)
        message = UInt32(limits.message)
        controlPayload = UInt32(limits.controlPayload)
        slots = UInt32(limits.slots)
        resultsKept = UInt32(limits.resultsKept)
    }

    /// The limits; one above its cap counts as the cap (HEL-001).
    ///
    /// - Throws: `outOfRange` for a limit that is too small to work with.
    func limits() throws(WireError) -> WireLimits {
        let least = WireLimits.leastFramePayload
        var limits = WireLimits()
        limits.framePayload = try Self.check(framePayload, least...WireLimits.hardFramePayload)
        limits.message = try Self.check(message, least...WireLimits.hardMessage)
        limits.controlPayload = try Self.check(controlPayload, least...limits.message)
        limits.slots = try Self.check(slots, 1...1_024)
        limits.resultsKept = try Self.check(resultsKept, 1...4_096)
        return limits
    }

    private static func check(
        _ value: UInt32, _ range: ClosedRange<Int>
    ) throws(WireError) -> Int {
        guard Int(value) >= range.lowerBound else {
            throw WireError(
                .outOfRange, at: 0, expected: UInt64(range.lowerBound), found: UInt64(value))
        }
        return min(Int(value), range.upperBound)
    }
}

extension PBVersions {
    /// The versions of this package.
    static var ours: PBVersions {
        var versions = PBVersions()
        versions.lowestMajor = UInt32(FrameHeader.majorVersion)
        versions.highestMajor = UInt32(FrameHeader.majorVersion)
        versions.highestMinor = FrameHeader.minorVersion
        return versions
    }

    /// "1.0", or "1.0 to 3.2".
    var text: String {
        lowestMajor == highestMajor
            ? "\(highestMajor).\(highestMinor)"
            : "\(lowestMajor).0 to \(highestMajor).\(highestMinor)"
    }
}

extension PBHolder {
    /// The wire's form of a holder.
    init(_ holder: LeaseHolder) {
        self.init()
        label = holder.label
        heldMs = holder.age.milliseconds
        leftMs = holder.remaining.milliseconds
    }

    /// The holder.
    var holder: LeaseHolder {
        LeaseHolder(
            label: label, age: Duration(wireMilliseconds: heldMs),
            remaining: Duration(wireMilliseconds: leftMs))
    }
}
