/// How far a calibration has come.
public struct CalibrationProgress: Sendable, Equatable {
    /// The parts of a calibration, in order.
    public enum Stage: String, Sendable, CaseIterable {
        /// Offsets of the CADC columns.
        case converter
        /// Leak potentials.
        case leak
        /// Reset, threshold and membrane time constant, from neurons that fire by themselves.
        case firing
        /// Synaptic time constants and gain, from postsynaptic potentials.
        case synapses
        /// All parameters once more with the codes that were found.
        case verification
    }

    /// What is being measured.
    public var stage: Stage
    /// Measurements done.
    public var step: Int
    /// Measurements in all.
    public var steps: Int
}
