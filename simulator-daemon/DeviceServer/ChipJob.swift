package import Substrate
import WireProtocol

/// Runs a batch on the calling thread and returns its totals.
///
/// `attend` is what that thread has to see to meanwhile: it is called when the batch has begun, with each slice of so many
/// entries, and now and then. Where it returns false the batch is given up.
package typealias ChipRunner =
    @Sendable (
        DeviceBatch, _ slicesOf: Int, _ attend: (RecordingSlice?) -> Bool
    ) -> Result<RecordingTotals, DeviceError>

/// A job for the chip.
struct ChipJob {
    let key: JobKey
    let batch: DeviceBatch
    let sliceLength: Int
    /// When it was given to the chip.
    let given: Duration
    /// Whether others were before it.
    let wasWaiting: Bool
    /// Whether nobody wants its result any more.
    var isUnwanted = false

    /// What becomes of it where it is not wanted.
    var cancellation: DeviceError { DeviceError(.cancelled, "batch \(batch.id) was cancelled") }
}
