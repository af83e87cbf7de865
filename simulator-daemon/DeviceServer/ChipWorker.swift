import Dispatch
package import Substrate
import Synchronization
import WireProtocol

/// Runs a batch, hands its slices of so many entries on, and returns its totals.
package typealias ChipRunner =
    @Sendable (
        DeviceBatch, _ slicesOf: Int, _ receive: (RecordingSlice) -> Void
    ) -> Result<RecordingTotals, DeviceError>

/// A thread that runs jobs on a chip one after the other, so that the protocol's loop never waits for one.
final class ChipWorker: Sendable {
    /// What has become of jobs.
    enum Event: Sendable {
        /// Some entries have run.
        case slice(JobKey, RecordingSlice)
        /// A job has ended.
        case finished(Finished)
    }

    /// A job that has ended.
    struct Finished: Sendable {
        var job: JobKey
        var entries: Int
        var eventsIn: Int
        var result: Result<RecordingTotals, DeviceError>
        var deviceSeconds: Double
    }

    private struct State {
        var events: [Event] = []
        var schedule = PacedSchedule()
        var cancelled: Set<JobKey> = []
        /// Jobs that have been given to the chip and have not ended.
        var given = 0
        var isAbandoned = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "volley.chip", qos: .userInitiated)
    private let interruption = DispatchSemaphore(value: 0)
    private let mode: DeviceServerOptions.Mode
    private let run: ChipRunner
    private let wake: @Sendable () -> Void
    private let origin = ContinuousClock.now

    /// A worker that calls `wake` each time something has become of a job.
    init(
        mode: DeviceServerOptions.Mode, wake: @escaping @Sendable () -> Void, run: @escaping ChipRunner
    ) {
        self.mode = mode
        self.wake = wake
        self.run = run
    }

    /// Gives a job to the chip, which runs it when those from before have ended.
    func start(_ job: JobKey, _ batch: DeviceBatch, slicesOf length: Int) {
        let given = now
        let isWaiting = state.withLock { state in
            state.given += 1
            return state.given > 1
        }
        queue.async {
            self.work(job, batch, slicesOf: length, start: isWaiting ? self.now : given, wasWaiting: isWaiting)
        }
    }

    /// Makes a job end as soon as it can; its result is not wanted.
    func cancel(_ job: JobKey) {
        state.withLock { _ = $0.cancelled.insert(job) }
        interruption.signal()
    }

    /// Makes every job end as soon as it can.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        interruption.signal()
    }

    /// What has become of jobs since the last call, in order.
    func takeEvents() -> [Event] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    private var now: Duration { origin.duration(to: .now) }

    private func work(
        _ job: JobKey, _ batch: DeviceBatch, slicesOf length: Int, start: Duration, wasWaiting: Bool
    ) {
        // A paced chip hands everything out when the real one would be through: all its slices wait.
        var held: [Event] = []
        var result: Result<RecordingTotals, DeviceError>
        if isUnwanted(job) {
            result = .failure(DeviceError(.cancelled, "batch \(batch.id) was cancelled"))
        } else {
            result = run(batch, length) { slice in
                // The end follows the last slice at once, and both are told together.
                let isLast = slice.entries.upperBound == batch.inputs.entryCount
                guard mode == .fast, !isLast else { return held.append(.slice(job, slice)) }
                tell(.slice(job, slice))
            }
        }
        if mode == .paced, case .success(let totals) = result {
            let computed = now
            let release = state.withLock {
                $0.schedule.release(
                    start: start, wasWaiting: wasWaiting, computed: computed,
                    chipSeconds: totals.execution.chipSeconds)
            }
            hold(job, until: release)
        }
        let seconds = (now - start) / .seconds(1)
        if case .success(var totals) = result {
            totals.execution.deviceSeconds = seconds
            result = .success(totals)
        }
        let finished = Finished(
            job: job, entries: batch.inputs.entryCount, eventsIn: batch.inputs.eventCount,
            result: result, deviceSeconds: seconds)
        state.withLock {
            $0.events += held
            $0.events.append(.finished(finished))
            $0.cancelled.remove(job)
            $0.given -= 1
        }
        wake()
    }

    private func tell(_ event: Event) {
        state.withLock { $0.events.append(event) }
        wake()
    }

    /// Waits for a point in time, or until the job is no longer wanted.
    private func hold(_ job: JobKey, until release: Duration) {
        while !isUnwanted(job) {
            let left = release - now
            guard left > .zero else { return }
            let nanoseconds = Int(min(left / .nanoseconds(1), 1e9))
            _ = interruption.wait(timeout: .now() + .nanoseconds(nanoseconds))
        }
    }

    private func isUnwanted(_ job: JobKey) -> Bool {
        state.withLock { $0.isAbandoned || $0.cancelled.contains(job) }
    }
}
