import Substrate

/// A job that the chip is through with, before its end is told.
struct EndedJob {
    let job: ChipJob
    /// Slices that have not been handed on.
    private(set) var slices: [RecordingSlice]
    private(set) var result: Result<RecordingTotals, DeviceError>
    let deviceSeconds: Double
    /// When its end may be told.
    private(set) var release: Duration

    /// Makes its end one without a result, to be told at once.
    mutating func cancel() {
        slices = []
        result = .failure(job.cancellation)
        release = .zero
    }
}
