/// What a neuron parameter can be set to, and what its codes do on paper.
public struct ParameterRange: Sendable, Hashable, Codable {
    /// How the values of neighbouring codes differ.
    public enum Spacing: String, Sendable, Hashable, Codable, CaseIterable {
        /// By the same amount: `value = lower + (upper - lower) code / highest`.
        case linear
        /// By the same factor: `value = lower (upper / lower)^(code / highest)`.
        case logarithmic
    }

    /// The targets that a user may ask for.
    public var allowed: ClosedRange<Double>
    /// The values of code zero and of the highest code. Wider than `allowed`, so that a calibration has room.
    public var coded: ClosedRange<Double>
    /// How the values of neighbouring codes differ.
    public var spacing: Spacing

    /// A range; every argument has the meaning of the property of its name.
    public init(allowed: ClosedRange<Double>, coded: ClosedRange<Double>, spacing: Spacing) {
        self.allowed = allowed
        self.coded = coded
        self.spacing = spacing
    }
}
