/// How far the fit of a profile has come.
public struct FitProgress: Sendable, Equatable {
    /// The parts of a fit, in order.
    public enum Stage: String, Sendable, CaseIterable {
        /// Columns of the CADC, at common voltages.
        case converter
        /// Membranes at rest.
        case rest
        /// Neurons that fire by themselves.
        case firing
        /// Postsynaptic potentials of many synapses of a circuit at once.
        case potentials
        /// Postsynaptic potentials of single synapses.
        case synapses

        /// Batches that come before it.
        public var firstStep: Int {
            switch self {
            case .converter: 0
            case .rest: ConverterMeasurement.batches
            case .firing: Self.rest.firstStep + RestingMeasurement.batches
            case .potentials: Self.firing.firstStep + FiringRuns.batches
            case .synapses: Self.potentials.firstStep + ProfileFitter.potentialBatches
            }
        }
    }

    /// What is being measured.
    public var stage: Stage
    /// Batches done.
    public var step: Int
    /// Batches in all.
    public var steps: Int
}
