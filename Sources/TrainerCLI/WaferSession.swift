import InTheLoop
import Substrate

/// Works through the chips of a wafer, some at a time, and writes down each as it is done.
struct WaferSession {
    /// What is done on a chip.
    let work: WaferWork
    /// Chips at a time.
    let jobs: Int
    /// What the user sees.
    let progress: WaferProgress
    /// What ends it early.
    let stop: StopRequest
    /// What is known.
    private(set) var record: WaferRecord
    private var firstFailure: ExitStatus?

    /// After as many failures and no success the fault is not the chips'.
    private static let patience = 3

    /// A session that goes on from a record.
    init(_ work: WaferWork, record: WaferRecord, jobs: Int, progress: WaferProgress, stop: StopRequest) {
        self.work = work
        self.record = record
        self.jobs = jobs
        self.progress = progress
        self.stop = stop
    }

    /// What a chip's task came to.
    private enum Outcome: Sendable {
        case finished(WaferRecord.Chip)
        case stopped
        case failed(WaferRecord.Chip, ExitStatus)
    }

    /// Works through the chips without a result.
    ///
    /// - Returns: the code of the first failure of a chip; nil if all chips have a result.
    /// - Throws: what is wrong with the experiment, the arguments or the output folder, for then every chip fails;
    ///   `interrupted` if the user asked to stop.
    mutating func run() async throws -> ExitStatus? {
        defer { progress.end() }
        var waiting = record.missing[...]
        try await withThrowingTaskGroup(of: Outcome.self) { group in
            func start() {
                guard !stop.isRequested, let serial = waiting.popFirst() else { return }
                let (work, observer) = (work, observer(serial))
                group.addTask { try await Self.outcome(of: serial, work, observer) }
            }
            for _ in 0..<jobs { start() }
            do {
                while let outcome = try await group.next() {
                    try note(outcome)
                    start()
                }
            } catch {
                // The others end at their next minibatch, with a checkpoint.
                _ = stop.request()
                throw error
            }
        }
        if stop.isRequested, !record.missing.isEmpty {
            throw CommandError(
                .interrupted, "stopped after \(record.accuracies.count) of \(record.serials.count) chips")
        }
        return record.failed.isEmpty ? nil : firstFailure ?? .unavailable
    }

    private func observer(_ serial: UInt64) -> WaferChipObserver {
        WaferChipObserver(
            serial: serial, isEvaluation: work.weights != nil, progress: progress, stop: stop)
    }

    private mutating func note(_ outcome: Outcome) throws {
        switch outcome {
        case .stopped: return
        case .finished(let chip): record.add(chip)
        case .failed(let chip, let status):
            record.add(chip)
            firstFailure = firstFailure ?? status
        }
        try work.folder.write(record)
        guard case .failed(let chip, let status) = outcome else { return }
        if record.accuracies.isEmpty, record.failed.count >= Self.patience {
            throw CommandError(
                status,
                "the first \(record.failed.count) chips failed, so the others are left out: \(chip.problem ?? "")")
        }
    }

    /// Does the work on a chip; what is wrong with this chip alone is part of the outcome.
    private static func outcome(
        of serial: UInt64, _ work: WaferWork, _ observer: WaferChipObserver
    ) async throws -> Outcome {
        let start = ContinuousClock.now
        do {
            guard let chip = try await work.run(serial: serial, observer: observer) else { return .stopped }
            observer.progress.finished(chip)
            return .finished(chip)
        } catch {
            let status = ExitStatus(of: error) ?? .fault
            switch status {
            case .usage, .badInput, .inputOutput, .interrupted: throw error
            case .success, .unavailable, .fault, .stale: break
            }
            var chip = WaferRecord.Chip(serial: serial, seconds: start.duration(to: .now) / .seconds(1))
            chip.problem = "\(error)".replacing("\n", with: " ")
            observer.progress.finished(chip)
            return .failed(chip, status)
        }
    }
}
