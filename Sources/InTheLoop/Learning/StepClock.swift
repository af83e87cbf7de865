/// Wall time of the parts of a training step; the parts add up to the step.
public struct StepClock: Sendable {
    /// The parts, in the order of a step.
    public enum Part: String, Sendable, CaseIterable, Codable {
        /// Choosing samples and gathering their spike trains.
        case encode
        /// Weights to codes.
        case map
        /// Waiting for the device: link and chip together.
        case device
        /// Recording to observation.
        case align
        /// Forward pass of the model, measured values in place.
        case replay
        /// Loss and regularisers.
        case loss
        /// The adjoint.
        case backward
        /// Optimiser and clamp.
        case optimize
    }

    /// A stretch of a step.
    public struct Span: Sendable {
        /// What was done.
        public var part: Part
        /// Its begin.
        public var from: ContinuousClock.Instant
        /// Its end.
        public var to: ContinuousClock.Instant
    }

    /// Seconds of each part so far.
    public private(set) var seconds: [Part: Double] = [:]
    /// All that was done so far, in order.
    public private(set) var spans: [Span] = []
    private var last = ContinuousClock.now

    /// Starts now.
    public init() {}

    /// Ends a part: the time since the last end is its.
    public mutating func end(_ part: Part) {
        let now = ContinuousClock.now
        seconds[part, default: 0] += last.duration(to: now).seconds
        spans.append(Span(part: part, from: last, to: now))
        last = now
    }

    /// Ends a part that came after others whose shares of the time since the last end are known, in seconds.
    public mutating func end(_ part: Part, after shares: [(part: Part, seconds: Double)]) {
        end(part)
        for share in shares {
            seconds[share.part, default: 0] += share.seconds
            seconds[part, default: 0] -= share.seconds
        }
    }
}

extension Duration {
    /// The duration in seconds.
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
