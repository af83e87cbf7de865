public import Substrate

/// A chip profile as fitted to a device: what was measured, with errors, and what was not.
public struct ProfileFit: Sendable, Equatable, Codable {
    /// A mean over circuits that a profile has no field for, because a kind of chip is right on average.
    public struct Mean: Sendable, Equatable, Codable {
        /// What it is the mean of, with its unit.
        public var name: String
        /// The mean.
        public var value: Double
        /// Its standard error as a figure of the kind of chip.
        public var standardError: Double
    }

    /// What is known of each circuit, in the units of the model; shapes `[circuit]`, NaN where it could not be measured.
    public struct Circuits: Sendable, Equatable, Codable {
        /// Leak potential less its nominal value, in CADC LSB.
        public var leak: [Double]
        /// Reset potential less its nominal value, in CADC LSB.
        public var reset: [Double]
        /// Threshold less its nominal value, relative to (threshold - leak).
        public var threshold: [Double]
        /// Membrane time constant over its nominal value.
        public var tauMem: [Double]
        /// Excitatory time constant over its nominal value.
        public var tauSynExcitatory: [Double]
        /// Inhibitory time constant over its nominal value.
        public var tauSynInhibitory: [Double]
        /// Synaptic gain over its nominal value.
        public var synapticGain: [Double]
        /// Reading of the column at a voltage of zero, in CADC LSB.
        public var converterOffset: [Double]
        /// Gain of the column.
        public var converterGain: [Double]
    }

    /// The device.
    public var device: CalibrationIdentity
    /// What the chip has.
    public var geometry: ChipGeometry
    /// What its neurons can be set to, where the device says so.
    public var parameters: NeuronParameters?
    /// What the neurons were set to, on paper.
    public var targets: NeuronTargets
    /// The numbers, in the order of `FittedField.allCases`, as far as they could be measured.
    public var numbers: [FittedNumber]
    /// Means that a profile has no fields for.
    public var means: [Mean]
    /// Circuits that count for no spread of leak potentials or thresholds, because they could not be measured or are
    /// far off.
    public var circuitsLeftOut: Int
    /// White part of the noise of membranes at rest, as a standard deviation in LSB: what the converter's noise and the
    /// rounding to codes should come to.
    public var whiteNoise: Double?
    /// The same from samples of a common voltage.
    public var converterNoiseWithRounding: Double?
    /// Each circuit.
    public var circuits: Circuits
    /// When it was made, in ISO 8601.
    public var date: String
    /// Temperature of the chip, in degrees Celsius, where the device measures it.
    public var temperature: Double?
    /// Version of the software that made it.
    public var version: String
    /// Batches that it took.
    public var batches: Int
    /// Chip time that it took, in seconds.
    public var chipSeconds: Double
    /// Time on the wall that it took, in seconds.
    public var wallSeconds: Double

    /// The number of a field; nil where it could not be measured.
    public subscript(field: FittedField) -> FittedNumber? { numbers.first { $0.field == field } }

    /// Fields that could not be measured on this device.
    public var unmeasured: [FittedField] { FittedField.allCases.filter { self[$0] == nil } }

    /// What a profile holds besides the fitted fields, and no measurement through the protocol tells.
    public static let unmeasurable = [
        "errors of writing time constants, gains and weights",
        "changes of time constants and gains from batch to batch",
        "drift", "temperature", "crosstalk", "defects", "skew of the CADC", "rails", "event paths", "timing", "energy",
    ]
}
