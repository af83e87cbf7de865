import Dispatch
import Substrate
import Synchronization
import WireProtocol

/// A thread that runs one job at a time on a chip, so that the protocol's loop never waits for one.
final class ChipWorker: Sendable {
    /// A job that has ended.
    struct Finished: Sendable {
        var job: JobKey
        var entries: Int
        var eventsIn: Int
        var result: Result<Recording, DeviceError>
        var deviceSeconds: Double
    }

    private struct State {
        var finished: [Finished] = []
        var schedule = PacedSchedule()
        var cancelled: Set<JobKey> = []
        var isAbandoned = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "volley.chip", qos: .userInitiated)
    private let interruption = DispatchSemaphore(value: 0)
    private let mode: DeviceServerOptions.Mode
    private let run: @Sendable (DeviceBatch) -> Result<Recording, DeviceError>
    private let wake: @Sendable () -> Void
    private let origin = ContinuousClock.now

    /// A worker that calls `wake` each time a job has ended.
    init(
        mode: DeviceServerOptions.Mode, wake: @escaping @Sendable () -> Void,
        run: @escaping @Sendable (DeviceBatch) -> Result<Recording, DeviceError>
    ) {
        self.mode = mode
        self.wake = wake
        self.run = run
    }

    /// Gives a job to the chip.
    func start(_ job: JobKey, _ batch: DeviceBatch, wasWaiting: Bool) {
        let start = now
        queue.async { self.work(job, batch, start: start, wasWaiting: wasWaiting) }
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

    /// The jobs that have ended since the last call.
    func takeFinished() -> [Finished] {
        state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    private var now: Duration { origin.duration(to: .now) }

    private func work(_ job: JobKey, _ batch: DeviceBatch, start: Duration, wasWaiting: Bool) {
        var result: Result<Recording, DeviceError>
        if isUnwanted(job) {
            result = .failure(DeviceError(.cancelled, "batch \(batch.id) was cancelled"))
        } else {
            result = run(batch)
        }
        if mode == .paced, case .success(let recording) = result {
            let computed = now
            let release = state.withLock {
                $0.schedule.release(
                    start: start, wasWaiting: wasWaiting, computed: computed,
                    chipSeconds: recording.execution.chipSeconds)
            }
            hold(job, until: release)
        }
        let seconds = (now - start) / .seconds(1)
        if case .success(var recording) = result {
            recording.execution.deviceSeconds = seconds
            result = .success(recording)
        }
        let finished = Finished(
            job: job, entries: batch.inputs.entryCount, eventsIn: batch.inputs.eventCount,
            result: result, deviceSeconds: seconds)
        state.withLock {
            $0.finished.append(finished)
            $0.cancelled.remove(job)
        }
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
