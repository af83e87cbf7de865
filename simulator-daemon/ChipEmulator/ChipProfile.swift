public import Substrate

/// A chip as data: what it has, how it deviates from the ideal, how long it takes and what it burns.
///
/// Every deviation has a scale of its own, and zero switches it off. Switching one never moves the random numbers of
/// another. Figures without a source are own estimates, and say so.
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
    /// Deviations that are drawn anew in each trial.
    public var noise: Noise
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

    /// A profile; every argument has the meaning of the property of its name.
    public init(
        name: String, geometry: ChipGeometry, parameters: NeuronParameters, integration: Integration,
        mismatch: Mismatch, noise: Noise, converter: Converter, rails: Rails?,
        events: EventPaths, timing: Timing, energy: Energy
    ) {
        self.name = name
        self.geometry = geometry
        self.parameters = parameters
        self.integration = integration
        self.mismatch = mismatch
        self.noise = noise
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
        public enum Resolution: String, Sendable, Hashable, Codable {
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

    /// Standard deviations of what is drawn once for each serial.
    public struct Mismatch: Sendable, Hashable, Codable {
        /// Of the membrane time constant, relative; by circuit.
        public var tauMem: Double
        /// Of each synaptic time constant, relative; by circuit.
        public var tauSyn: Double
        /// Of the threshold, relative to (threshold - leak); by circuit.
        public var threshold: Double
        /// Of the synaptic gain, relative; by circuit.
        public var synapticGain: Double
        /// Of the leak potential, in CADC LSB; by circuit.
        public var leak: Double
        /// Of the reset potential, in CADC LSB; by circuit.
        public var reset: Double
        /// Of the gain of each synapse, relative.
        public var synapse: Double
        /// Of the gain of each row driver, relative.
        public var rowDriver: Double
    }

    /// Standard deviations of what is drawn anew in each trial.
    public struct Noise: Sendable, Hashable, Codable {
        /// Of a resting membrane (an Ornstein-Uhlenbeck process with its membrane time constant), in CADC LSB.
        public var membrane: Double
        /// Of the threshold in each entry, relative to (threshold - leak).
        public var threshold: Double
        /// Of the recorded time of each spike, in nanoseconds.
        public var spikeTime: Double
    }

    /// The CADC: `code = clip(round((1 + gain) V + offset + noise))`, with standard deviations.
    public struct Converter: Sendable, Hashable, Codable {
        /// Of the offset, in LSB; by column.
        public var offset: Double
        /// Of the gain, relative; by column.
        public var gain: Double
        /// Of the noise of each sample, in LSB.
        public var noise: Double
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
