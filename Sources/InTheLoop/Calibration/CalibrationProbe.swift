public import Substrate

/// A quick look whether a calibration still fits its chip: everything measured once, with few entries, and compared with
/// what the calibration measured at its end.
public struct CalibrationProbe: Sendable {
    /// How far a parameter has moved since the calibration.
    public struct Shift: Sendable, Equatable, Codable {
        /// The parameter.
        public var parameter: CalibratedParameter
        /// Median over circuits of probe less calibration, in the parameter's unit.
        public var median: Double
        /// Standard deviation over circuits, 5 % trimmed at each end, in the parameter's unit; the probe's noise
        /// included.
        public var deviation: Double
        /// Largest magnitude of the median of a calibration that still fits.
        public var medianLimit: Double
        /// Largest deviation of a calibration that still fits.
        public var deviationLimit: Double
        /// Circuits that the calibration had measured and the probe could not.
        public var lost: Int

        /// Whether both are within their limits.
        public var fits: Bool { median.magnitude <= medianLimit && deviation <= deviationLimit }
    }

    /// What a probe has found.
    public struct Report: Sendable, Equatable, Codable {
        /// How far each parameter has moved.
        public var shifts: [Shift]
        /// Temperature of the chip now less that at the calibration, in degrees Celsius, where both are known.
        public var temperatureChange: Double?
        /// Batches that it took.
        public var batches: Int
        /// Chip time that it took, in seconds.
        public var chipSeconds: Double
        /// Time on the wall that it took, in seconds.
        public var wallSeconds: Double

        /// Whether the calibration no longer fits the chip.
        public var isStale: Bool { !shifts.allSatisfy(\.fits) }
        /// The parameters that are beyond their limits.
        public var movedParameters: [CalibratedParameter] { shifts.filter { !$0.fits }.map(\.parameter) }
    }

    private let device: any SpikingDevice
    private let description: DeviceDescription
    private let calibration: CalibrationResult
    private let noiseSeed: UInt64

    /// A probe of a device.
    ///
    /// - Throws: `invalidRequest` if the calibration is of another device.
    public init(
        _ device: any SpikingDevice, description: DeviceDescription, calibration: CalibrationResult,
        noiseSeed: UInt64 = 0
    ) throws(DeviceError) {
        let identity = CalibrationIdentity(description)
        guard calibration.device == identity else {
            let other = calibration.device
            throw DeviceError(
                .invalidRequest,
                "a calibration of \(other.profile), serial \(other.serial), was given for "
                    + "\(identity.profile), serial \(identity.serial), or profile or firmware have changed",
                remedy: "Calibrate this chip with `volley calibrate`.")
        }
        self.device = device
        self.description = description
        self.calibration = calibration
        self.noiseSeed = noiseSeed
    }

    /// Measures and compares.
    ///
    /// The limits follow from the bounds of a calibrated spread. A median beyond half a bound moves all neurons by more
    /// than a good calibration leaves them apart, and is far beyond the noise of the probe, which the median over the
    /// circuits makes small. A deviation beyond the bound itself is a chip that no longer counts as calibrated; the
    /// noise of single circuits takes less than half of it.
    ///
    /// - Parameter nextBatch: number of the next batch; counted on, also where an error ends the probe.
    /// - Throws: what the device answers.
    public func run(nextBatch: inout UInt64) async throws(DeviceError) -> Report {
        let clock = ContinuousClock()
        let start = clock.now
        var bench = try CircuitBench(
            device, description: description, targets: calibration.targets, noiseSeed: noiseSeed,
            nextBatch: nextBatch)
        defer { nextBatch = bench.nextBatch }
        let measurement = CircuitMeasurement(bench, effort: .probe(for: calibration.targets))
        let now = try await measurement.all(&bench, codes: calibration.codes) {}
        let shifts = CalibratedParameter.allCases.map { parameter in
            let then = calibration.after[parameter]
            let change = zip(now[parameter], then).map { $0 - $1 }
            let spread = Spread(of: change)
            let bound = parameter.bound(for: calibration.targets)
            return Shift(
                parameter: parameter, median: spread.median, deviation: spread.deviation,
                medianLimit: bound / 2, deviationLimit: bound,
                lost: then.filter(\.isFinite).count - spread.count)
        }
        var change: Double?
        if let now = bench.temperature, let then = calibration.temperature { change = now - then }
        return Report(
            shifts: shifts, temperatureChange: change, batches: bench.batches,
            chipSeconds: bench.chipSeconds, wallSeconds: (clock.now - start) / .seconds(1))
    }
}
