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

/// A job that the chip is through with, before its end is told.
struct EndedJob {
    let job: ChipJob
    /// Slices that have not been handed on.
    private(set) var slices: [RecordingSlice]
    private(set) var result: Result<RecordingTotals, DeviceError>
    let deviceSeconds: Double
    /// When its end may be told.
    private(set) var release: Duration

    /// A job with what came out of it.
    init(
        _ job: ChipJob, slices: [RecordingSlice], result: Result<RecordingTotals, DeviceError>, deviceSeconds: Double,
        release: Duration
    ) {
        self.job = job
        self.slices = slices
        self.result = result
        self.deviceSeconds = deviceSeconds
        self.release = release
    }

    /// Makes its end one without a result, to be told at once.
    mutating func cancel() {
        slices = []
        result = .failure(job.cancellation)
        release = .zero
    }
}
