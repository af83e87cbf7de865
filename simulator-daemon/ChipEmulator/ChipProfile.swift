public import Substrate

/// A chip as data: what it has, how it deviates from the ideal, how long it takes and what it burns.
///
/// Every deviation has a scale of its own, and zero switches it off. Switching one never moves the random numbers of
/// another. `simulator-daemon/EFFECTS.md` lists models, units, sources and measured moments.
public struct ChipProfile: Sendable, Hashable, Codable {
    /// Name by which users choose the profile.
    public var name: String
    /// What the chip has.
    public var geometry: ChipGeometry
    /// What neurons can be set to, and how finely.
    public var parameters: NeuronParameters
    /// How time is resolved.
    public var integration: Integration
    /// Deviations that are drawn once for each serial.
    public var mismatch: Mismatch
    /// Circuits and synapses that do not work.
    public var defects: Defects
    /// Deviations that are drawn whenever a parameter or a weight is written.
    public var programming: Programming
    /// Deviations that are drawn anew in each trial.
    public var noise: Noise
    /// Deviations that are drawn anew in each batch.
    public var batchJitter: BatchJitter
    /// Slow changes since the chip was configured.
    public var drift: Drift
    /// How warm the chip is, and what that does.
    public var temperature: Temperature
    /// What spikes do to the membranes around them.
    public var crosstalk: Crosstalk
    /// The converter that samples the membranes.
    public var converter: Converter
    /// The rails that clip the membranes; `nil` for none.
    public var rails: Rails?
    /// The ways of events into the chip, inside it and out.
    public var events: EventPaths
    /// How long the parts of a run take.
    public var timing: Timing
    /// What the parts of a run burn.
    public var energy: Energy

    /// A profile; every argument has the meaning of the property of its name, and every deviation is off unless given.
    init(
        name: String, geometry: ChipGeometry, parameters: NeuronParameters,
        integration: Integration, mismatch: Mismatch = Mismatch(), defects: Defects = Defects(),
        programming: Programming = Programming(), noise: Noise = Noise(),
        batchJitter: BatchJitter = BatchJitter(), drift: Drift = Drift(),
        temperature: Temperature = Temperature(), crosstalk: Crosstalk = Crosstalk(),
        converter: Converter = Converter(), rails: Rails? = nil, events: EventPaths,
        timing: Timing, energy: Energy
    ) {
        self.name = name
        self.geometry = geometry
        self.parameters = parameters
        self.integration = integration
        self.mismatch = mismatch
        self.defects = defects
        self.programming = programming
        self.noise = noise
        self.batchJitter = batchJitter
        self.drift = drift
        self.temperature = temperature
        self.crosstalk = crosstalk
        self.converter = converter
        self.rails = rails
        self.events = events
        self.timing = timing
        self.energy = energy
    }

    /// Integration steps between two CADC samples that are `samplePeriod` ticks apart.
    public func stepsPerSample(samplePeriod: Int) -> Int {
        max(
            integration.stepsPerSample,
            (samplePeriod + integration.longestStep - 1) / integration.longestStep)
    }
}

extension ChipProfile {
    /// How time is resolved.
    public struct Integration: Sendable, Hashable, Codable {
        /// The finest time at which anything can happen.
        public enum Resolution: String, Sendable, Hashable, Codable, CaseIterable {
            /// Events act, and spikes happen, inside integration steps.
            case tick
            /// All happens at the ends of integration steps, as in clock-driven simulators.
            case step
        }

        /// Integration steps between two CADC samples, at least.
        public var stepsPerSample: Int
        /// Longest integration step, in ticks; longer sample periods take more steps.
        public var longestStep: Int
        /// The finest time at which anything can happen.
        public var resolution: Resolution
    }

    /// The CADC: `code = clip(round((1 + gain) V + offset + noise))`, with standard deviations.
    public struct Converter: Sendable, Hashable, Codable {
        /// Of the offset, in LSB; by column. About 10 LSB before calibration, measured; below 3 LSB after it, calix.
        public var offset = 0.0
        /// Of the gain, relative; by column. Own estimate.
        public var gain = 0.0
        /// Of the noise of each sample, in LSB. With the membrane's about 1.2 LSB, calix; the split is an own estimate.
        public var noise = 0.0
        /// How much too early a column samples at most, in nanoseconds; uniform in `0...skew`, by column.
        ///
        /// The membrane is taken for a line over an integration step, and no column samples more than one step early.
        /// Own estimate.
        public var skew = 0.0
    }

    /// The rails, in CADC LSB.
    public struct Rails: Sendable, Hashable, Codable {
        /// No membrane goes below.
        public var lower: Double
        /// No membrane goes above.
        public var upper: Double

        /// The rails, in CADC LSB.
        public init(lower: Double, upper: Double) {
            self.lower = lower
            self.upper = upper
        }
    }

    /// The ways of events, each a server with a rate and a buffer; a rate of zero is a way without limit.
    public struct EventPaths: Sendable, Hashable, Codable {
        /// A server: one event each `1 / rate` microseconds, with a buffer of `depth` events that wait.
        public struct Server: Sendable, Hashable, Codable {
            /// Events a microsecond; zero for no limit and no delay.
            public var rate: Double
            /// Events that can wait.
            public var depth: Int

            /// A server; a rate of zero is one without limit.
            public init(rate: Double, depth: Int) {
                self.rate = rate
                self.depth = depth
            }
        }

        /// The link from the host, which all inputs share.
        public var inputLink: Server
        /// Each bus of synapse drivers; inputs are dealt to the buses in turn.
        public var driverBus: Server
        /// Number of buses of synapse drivers.
        public var driverBuses: Int
        /// The arbiter of each quadrant of neuron circuits.
        public var arbiter: Server
        /// Number of quadrants.
        public var quadrants: Int
        /// The link to the host, which all neurons share; it comes after the time stamp and so moves no time.
        public var outputLink: Server
        /// From a spike to its effect on another neuron, in microseconds; in a cycle of populations at least one
        /// integration step.
        public var onChipDelay: Double
    }

    /// How long the parts of a run take.
    public struct Timing: Sendable, Hashable, Codable {
        /// Settling of the analog parameters after a change, in seconds.
        public var settling: Double
        /// Writing of weights, in codes a second.
        public var weightRate: Double
        /// Shortest gap between entries, in which the chip is reset, in seconds.
        public var resetGap: Double
        /// Reading of CADC codes, in bytes a second.
        public var traceRate: Double
        /// Columns that one CADC sample converts and sends.
        public var traceColumns: Int
        /// Start and end of each device run, in seconds.
        public var runOverhead: Double
        /// Chip time from one batch of a run to the next, in seconds, for drift and temperature: batch `n` runs at
        /// `n * batchPeriod` whenever it is sent, so that a batch that is sent again, and a run that is resumed, see
        /// the same chip. Own estimate.
        public var batchPeriod = 0.02
    }

    /// What the parts of a run burn.
    public struct Energy: Sendable, Hashable, Codable {
        /// Power of the idle chip, in watts.
        public var staticPower: Double
        /// Energy of each input event and each spike, in joules.
        public var event: Double
        /// Energy of each conversion of a column, in joules.
        public var conversion: Double
    }
}
