extension ChipProfile {
    /// Standard deviations of what is drawn once for each serial. All are zero, so off, unless given.
    ///
    /// Factors are lognormal with mean 1, shifts are normal.
    public struct Mismatch: Sendable, Hashable, Codable {
        /// Of the membrane time constant, relative; by circuit. Uncalibrated 0.11-0.14, from published calibrations.
        public var tauMem = 0.0
        /// Of each synaptic time constant, relative; by circuit. Uncalibrated 0.20-0.25, from published calibrations.
        public var tauSyn = 0.0
        /// Of the threshold, relative to (threshold - leak); by circuit. Uncalibrated 0.08, from published calibrations;
        /// calibrated 0.031, Goeltz et al. 2021.
        public var threshold = 0.0
        /// Shift of all thresholds, relative to (threshold - leak): no spread but a mean. 0.05 in the noise model of
        /// Goeltz et al. 2021.
        public var thresholdOffset = 0.0
        /// Of the synaptic gain, relative; by circuit. Uncalibrated 0.10-0.24, from published calibrations.
        public var synapticGain = 0.0
        /// Of the leak potential, in CADC LSB; by circuit. Uncalibrated 60 mV, from published calibrations.
        public var leak = 0.0
        /// Of the reset potential, in CADC LSB; by circuit. Own estimate: as the leak.
        public var reset = 0.0
        /// Of the gain of each synapse, relative. Own estimate.
        public var synapse = 0.0
        /// Of the bow of each synapse's 6-bit DAC, by synapse and sign: `w = gain c (1 + bow (|c| / limit - 1/2))` for
        /// the code `c`. Own estimate.
        public var synapseBow = 0.0
        /// Of the gain of each row driver, relative. Own estimate.
        public var rowDriver = 0.0
    }

    /// Circuits and synapses that do not work: each kind by its probability, and circuits by a list too.
    ///
    /// A logical neuron has the defects of its first circuit. Nothing is broken unless asked for.
    public struct Defects: Sendable, Hashable, Codable {
        /// Probability of a circuit whose membrane stays at its leak.
        public var dead = 0.0
        /// Probability of a circuit whose comparator is off.
        public var silent = 0.0
        /// Probability of a circuit whose leak is as far above its threshold as it should be below: it fires always.
        public var firing = 0.0
        /// Circuits that are dead besides those drawn.
        public var deadCircuits: [Int] = []
        /// Circuits that are silent besides those drawn.
        public var silentCircuits: [Int] = []
        /// Circuits that fire always besides those drawn.
        public var firingCircuits: [Int] = []
        /// Probability of a synapse that does nothing; by circuit and row, so that signs fail apart.
        public var stuckAtZero = 0.0
        /// Probability of a synapse that acts with the full weight whatever is written; by circuit and row.
        public var stuckAtFull = 0.0
    }
}
