/// Who worked when in some training steps: host, link and chip, in measured times.
///
/// The host's times are its own. A device tells how long it worked; `DeviceVisit` places that. What is left of a batch's
/// stay is the link's: frames, threads that wake up, and the wire.
public struct LoopTimeline: Sendable, Codable {
    /// What somebody does in a step.
    public enum Task: String, Sendable, Codable, CaseIterable {
        /// The host turns weights into codes.
        case weights
        /// The host computes gradients of what has arrived.
        case gradient
        /// The host changes the weights.
        case update
        /// The host gathers the next minibatch.
        case nextInputs
        /// A batch is on its way to the chip, or its last results are on their way back.
        case link
        /// The chip runs, or is emulated.
        case chip
    }

    /// A stretch of work.
    public struct Span: Sendable, Codable, Hashable {
        /// What is done.
        public var task: Task
        /// Its begin, in seconds since the begin of the first step.
        public var from: Double
        /// Its end.
        public var to: Double
    }

    /// The first step, counted in the epoch from 0.
    public let firstStep: Int
    /// Steps.
    public private(set) var steps = 0
    /// Length of all steps, in seconds.
    public private(set) var seconds = 0.0
    /// The stretches of work.
    public private(set) var spans: [Span] = []
    private var start: ContinuousClock.Instant?

    private enum CodingKeys: CodingKey {
        case firstStep, steps, seconds, spans
    }

    /// Nothing yet, from a step on.
    init(from firstStep: Int) {
        self.firstStep = firstStep
    }

    /// Adds a step.
    ///
    /// - Parameter prepared: when the next minibatch was gathered.
    mutating func add(_ clock: StepClock, visit: DeviceVisit?, prepared: StepClock.Span?) {
        guard let first = clock.spans.first, let last = clock.spans.last else { return }
        let origin = start ?? first.from
        start = origin
        func add(_ task: Task, _ from: ContinuousClock.Instant, _ to: ContinuousClock.Instant) {
            guard from < to else { return }
            spans.append(
                Span(task: task, from: origin.duration(to: from).seconds, to: origin.duration(to: to).seconds))
        }
        for span in clock.spans {
            if let task = Task(span.part) { add(task, span.from, span.to) }
        }
        if let prepared { add(.nextInputs, prepared.from, prepared.to) }
        if let visit {
            add(.link, visit.start, visit.working.from)
            add(.chip, visit.working.from, visit.working.to)
            add(.link, visit.working.to, visit.end)
        }
        steps += 1
        seconds = origin.duration(to: last.to).seconds
    }

    /// The share of the time in which somebody does one of some tasks.
    public func share(of tasks: Set<Task>) -> Double {
        var busy = 0.0
        var end = 0.0
        for span in spans.filter({ tasks.contains($0.task) }).sorted(by: { $0.from < $1.from }) {
            busy += max(0, span.to - max(span.from, end))
            end = max(end, span.to)
        }
        return seconds > 0 ? busy / seconds : 0
    }

    /// Tasks of the host.
    public static let host: Set<Task> = [.weights, .gradient, .update, .nextInputs]
}

extension LoopTimeline.Task {
    /// What a part of a step is in the timeline; nil for waiting.
    fileprivate init?(_ part: StepClock.Part) {
        switch part {
        case .encode, .map: self = .weights
        case .device: return nil
        case .align, .replay, .loss, .backward: self = .gradient
        case .optimize: self = .update
        }
    }
}
