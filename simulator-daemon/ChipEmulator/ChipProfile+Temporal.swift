extension ChipProfile {
    /// Standard deviations of what is drawn whenever something is written. All are zero, so off, unless given.
    ///
    /// An error belongs to the circuit, the code and the noise seed: the same batch finds the same chip, and another
    /// code or another seed a fresh error.
    public struct Programming: Sendable, Hashable, Codable {
        /// Of leak, reset and threshold, in CADC LSB. Own estimate.
        public var potential = 0.0
        /// Of time constants and synaptic gain, relative. Own estimate.
        public var relative = 0.0
        /// Of each weight, in steps of its code; code zero is off and has none. For memristive synapses; own estimate.
        public var weight = 0.0
    }

    /// Standard deviations of what is drawn anew in each trial. All are zero, so off, unless given.
    public struct Noise: Sendable, Hashable, Codable {
        /// Of a resting membrane (an Ornstein-Uhlenbeck process), in CADC LSB. With the converter's noise 1.2 LSB, calix.
        public var membrane = 0.0
        /// Correlation time of the current that moves the membrane, in microseconds; zero for a white one, so that
        /// the membrane's own time constant is the only one. The membrane's deviation is the same for any.
        public var correlationTime = 0.0
        /// Of the threshold in each entry, relative to (threshold - leak). 0.015, Goeltz et al. 2021.
        public var threshold = 0.0
        /// Of the recorded time of each spike, in nanoseconds. 0.01 tau, Goeltz et al. 2021.
        public var spikeTime = 0.0
    }

    /// Standard deviations of what is drawn anew in each batch, by circuit. All are zero, so off, unless given.
    public struct BatchJitter: Sendable, Hashable, Codable {
        /// Of the threshold, relative to (threshold - leak). Own estimate.
        public var threshold = 0.0
        /// Of the leak potential, in CADC LSB. Own estimate.
        public var leak = 0.0
        /// Of the membrane time constant, relative. Own estimate.
        public var tauMem = 0.0
        /// Of each synaptic time constant, relative. Own estimate.
        public var tauSyn = 0.0
        /// Of the synaptic gain, relative. Own estimate.
        public var synapticGain = 0.0
    }

    /// Slow changes with a 1/f spectrum since the chip was configured, by circuit; off unless given. Own estimates.
    ///
    /// Scales are the standard deviations that are reached long after `longest`. At chip time zero nothing has drifted.
    public struct Drift: Sendable, Hashable, Codable {
        /// Of the leak potential, in CADC LSB.
        public var leak = 0.0
        /// Of the threshold, relative to (threshold - leak).
        public var threshold = 0.0
        /// Of the membrane time constant, relative.
        public var tauMem = 0.0
        /// Of each synaptic time constant, relative.
        public var tauSyn = 0.0
        /// Of the synaptic gain, relative.
        public var synapticGain = 0.0
        /// Shortest time over which anything drifts, in seconds of chip time.
        public var shortest = 1.0
        /// Longest time over which anything drifts, in seconds of chip time.
        public var longest = 3_600.0
    }

    /// How warm the chip is, and what that does to its circuits; it does nothing unless given. Own estimates.
    ///
    /// The temperature at chip time `t` is `celsius + swing sin(2 pi t / period)`; deviations are proportional to its
    /// distance from `reference`.
    public struct Temperature: Sendable, Hashable, Codable {
        /// Mean temperature of the chip, in degrees Celsius.
        public var celsius = 25.0
        /// Temperature at which the circuits are what they are without this effect, in degrees Celsius.
        public var reference = 25.0
        /// Amplitude of the slow change, in kelvins.
        public var swing = 0.0
        /// Period of the slow change, in seconds of chip time.
        public var period = 3_600.0
        /// Shift of the leak potential, in CADC LSB per kelvin.
        public var leak = 0.0
        /// Growth of all time constants, relative, per kelvin.
        public var tau = 0.0
        /// Shift of the threshold, relative to (threshold - leak), per kelvin.
        public var threshold = 0.0
        /// Growth of the synaptic gain, relative, per kelvin.
        public var synapticGain = 0.0
        /// Standard deviation of each of these coefficients, relative; by circuit.
        public var spread = 0.0
    }

    /// What a spike does to the membranes of its block of 32 columns at the next step; off unless given. Own estimates.
    ///
    /// Membranes that are held in their refractory time do not move.
    public struct Crosstalk: Sendable, Hashable, Codable {
        /// Rise of the membranes of the two adjacent columns, in CADC LSB; it may be negative.
        public var neighbour = 0.0
        /// Fall of all membranes of the block, for the supply droops, in CADC LSB.
        public var droop = 0.0
    }
}
