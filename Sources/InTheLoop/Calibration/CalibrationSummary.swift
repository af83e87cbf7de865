/// What a calibration has done to each parameter, over all circuits.
public struct CalibrationSummary: Sendable, Equatable, Codable {
    /// A parameter before and after.
    public struct Row: Sendable, Equatable, Codable {
        /// The parameter.
        public var parameter: CalibratedParameter
        /// Its target, in its unit.
        public var target: Double
        /// With the nominal codes.
        public var before: Spread
        /// With the codes found.
        public var after: Spread
        /// Standard deviation that the codes found should stay below, in the parameter's unit.
        public var bound: Double
        /// Circuits that miss the target by more than three times the bound, or could not be measured.
        public var failed: Int

        /// Standard deviation after over that before, both 5 % trimmed at each end.
        public var ratio: Double { after.deviation / before.deviation }
    }

    /// All parameters.
    public var rows: [Row]
    /// Circuits.
    public var circuits: Int
    /// Circuits with a parameter that failed.
    public var failedCircuits: Int

    /// The summary of a calibration.
    public init(_ result: CalibrationResult) {
        circuits = result.circuitCount
        failedCircuits = result.succeeded.count { !$0 }
        rows = CalibratedParameter.allCases.map { parameter in
            Row(
                parameter: parameter, target: parameter.target(of: result.targets),
                before: Spread(of: result.before[parameter]), after: Spread(of: result.after[parameter]),
                bound: parameter.bound(for: result.targets),
                failed: result.succeeded(parameter).count { !$0 })
        }
    }
}
