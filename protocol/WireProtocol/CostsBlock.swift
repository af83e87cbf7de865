package import Substrate

/// Event accounting and costs as 136 bytes: eight counts, then nine doubles (`protocol/SPEC.md`, section 7.5).
package enum CostsBlock {
    /// Length of the block, in bytes.
    package static let byteCount = 136

    private static let counts: [WritableKeyPath<EventAccounting, UInt64> & Sendable] = [
        \.offered, \.accepted, \.droppedByInputLink, \.droppedByDriver, \.produced, \.delivered,
        \.droppedByArbitration, \.droppedByOutputLink,
    ]

    private static let amounts: [WritableKeyPath<ExecutionReport, Double> & Sendable] = [
        \.configurationSeconds, \.weightSeconds, \.windowSeconds, \.gapSeconds, \.readbackSeconds,
        \.staticEnergy, \.eventEnergy, \.sampleEnergy, \.deviceSeconds,
    ]

    /// The bytes.
    package static func encode(
        _ accounting: EventAccounting, _ execution: ExecutionReport
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount)
        for path in counts { bytes.append(littleEndian: accounting[keyPath: path]) }
        for path in amounts { bytes.append(littleEndian: execution[keyPath: path].bitPattern) }
        return bytes
    }

    /// Reads a block.
    ///
    /// - Throws: `truncated`, `trailingBytes`; `outOfRange` for an amount that is negative or not a number.
    package static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(WireError) -> (accounting: EventAccounting, execution: ExecutionReport) {
        var reader = ByteReader(bytes)
        var accounting = EventAccounting()
        var execution = ExecutionReport()
        for path in counts { accounting[keyPath: path] = try reader.read() }
        for path in amounts {
            let place = reader.offset
            let amount = Double(bitPattern: try reader.read())
            guard amount >= 0, amount.isFinite else {
                throw WireError(.outOfRange, at: place, found: amount.bitPattern)
            }
            execution[keyPath: path] = amount
        }
        try reader.finish()
        return (accounting, execution)
    }
}
