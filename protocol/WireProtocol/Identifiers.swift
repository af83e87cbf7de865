/// Names a link as the shell sees it: opaque bytes, such as ZeroMQ's routing id.
public struct PeerID: Sendable, Hashable {
    /// The opaque bytes.
    public let bytes: [UInt8]
    /// A link by its bytes.
    public init(bytes: [UInt8]) { self.bytes = bytes }
}

/// Names a training run for good: 16 bytes that the host draws once and keeps with the run.
public struct RunID: Sendable, Hashable, CustomStringConvertible {
    /// The bytes, high half first on the wire.
    public let high: UInt64
    /// The low half.
    public let low: UInt64

    /// A run by the halves of its id.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// A run by its 16 bytes; `nil` for any other length.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for (index, byte) in bytes.enumerated() {
            if index < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt64(byte) }
        }
        self.init(high: high, low: low)
    }

    /// The 16 bytes.
    package var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
    }

    /// Thirty-two hexadecimal digits.
    public var description: String {
        let digits = Array("0123456789abcdef")
        return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }
}

/// Names an execution: exactly one `complete` answers each `execute`.
public struct JobKey: Sendable, Hashable {
    /// The run.
    public let run: RunID
    /// The batch within the run.
    public let batch: UInt64
    /// How often the host has asked for it before.
    public let attempt: UInt32
    /// Number of the execution on this device since it started.
    public let ticket: UInt64

    /// An execution of a batch.
    public init(run: RunID, batch: UInt64, attempt: UInt32, ticket: UInt64) {
        self.run = run
        self.batch = batch
        self.attempt = attempt
        self.ticket = ticket
    }
}
