/// The time steps of a network: `t = 0..<steps`, step 0 being the state before any input.
public struct TimeGrid: Sendable, Hashable, Codable {
    /// Number of steps.
    public var steps: Int
    /// Length of a step in microseconds of the chip.
    public var stepMicroseconds: Double

    /// The sample period of the chip's CADC in the reference experiment, 1.7 us (Cramer et al., PNAS 2022).
    public static let referenceStepMicroseconds = 1.7

    /// A grid. Traps without a step or without a positive length.
    public init(steps: Int, stepMicroseconds: Double = TimeGrid.referenceStepMicroseconds) {
        precondition(steps > 0, "a grid of \(steps) steps")
        precondition(stepMicroseconds > 0, "a step of \(stepMicroseconds) us")
        self.steps = steps
        self.stepMicroseconds = stepMicroseconds
    }
}
