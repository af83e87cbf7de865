import InTheLoop
import Substrate

/// `volley chip --json`: the description's fields, and the device's health beside them.
struct ChipReport: Encodable {
    /// The device's counters since it started.
    struct Health: Encodable {
        /// Time since the device started, in seconds.
        var uptimeSeconds: Double
        /// Batches that wait for the chip or run on it.
        var batchesQueued: Int
        /// Batches that ran.
        var batchesExecuted: UInt64
        /// Batches that failed.
        var batchesFailed: UInt64
        /// Batches that were cancelled.
        var batchesCancelled: UInt64
        /// Patterns that ran.
        var patternsExecuted: UInt64
        /// Where the events of all batches went.
        var eventAccounting: EventAccounting
        /// What all batches cost on the chip.
        var chipCosts: ChipCosts
        /// Temperature in the last batch, in degrees Celsius; nil before the first, and where it is not measured.
        var temperatureCelsius: Double?
        /// Who has the chip; nil if nobody has.
        var holder: String?

        /// The counters.
        init(_ health: DeviceHealth) {
            uptimeSeconds = health.uptime / .seconds(1)
            batchesQueued = health.jobsQueued
            batchesExecuted = health.jobsExecuted
            batchesFailed = health.jobsFailed
            batchesCancelled = health.jobsCancelled
            patternsExecuted = health.entriesExecuted
            eventAccounting = health.accounting
            chipCosts = ChipCosts(health.execution)
            temperatureCelsius = health.temperature
            holder = health.holder?.label
        }
    }

    /// Who the chip is and what it can do.
    var description: DeviceDescription
    /// How it is; nil where it did not say.
    var health: Health?

    private enum Key: CodingKey { case health }

    func encode(to encoder: any Encoder) throws {
        try description.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encodeIfPresent(health, forKey: .health)
    }
}
