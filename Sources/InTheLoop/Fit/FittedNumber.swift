/// A field of a chip profile as fitted to a device, in the field's unit.
public struct FittedNumber: Sendable, Equatable, Codable {
    /// Standard errors above zero that make a deviation significant.
    public static let significance = 3.0

    /// The field.
    public var field: FittedField
    /// What was measured, whether it is significant or not; zero where noise has made a variance negative.
    public var value: Double
    /// Standard error as a figure of the kind of chip, of which the measured one is one draw.
    public var standardError: Double
    /// Standard error as a figure of this very chip.
    public var measurementError: Double
    /// Circuits, columns, synapses or row drivers that were measured.
    public var sampleSize: Int
    /// Whether it is significantly different from zero, and above what the measurement resolves.
    public var isResolved: Bool

    /// What goes into a profile: zero for what is not significant.
    public var fitted: Double { isResolved ? value : 0 }

    /// A number that may be of either sign, in the field's unit.
    init(
        _ field: FittedField, value: Double, standardError: Double, measurementError: Double,
        sampleSize: Int
    ) {
        self.field = field
        self.value = value
        let model = field.modelError * value
        func error(_ error: Double) -> Double { (error * error + model * model).squareRoot() }
        self.standardError = error(standardError)
        self.measurementError = error(measurementError)
        self.sampleSize = sampleSize
        isResolved = value.magnitude > max(field.resolution, Self.significance * standardError)
    }

    /// A standard deviation by its variance; nil where it is no number.
    ///
    /// - Parameter variance: in the square of the model's unit, so fractions where the field has per cent.
    init?(_ field: FittedField, _ variance: VarianceEstimate) {
        let scaled = variance.scaled(by: field.scale)
        guard scaled.variance.isFinite, scaled.processError.isFinite, scaled.measurementError.isFinite
        else { return nil }
        let deviation = max(0, scaled.variance).squareRoot()
        // Near zero the deviation is as uncertain as the root of its variance's error is large.
        func error(_ error: Double) -> Double {
            let sampling = error == 0 ? 0 : error / (2 * max(deviation, error.squareRoot()))
            let model = field.modelError * deviation
            return (sampling * sampling + model * model).squareRoot()
        }
        self.field = field
        value = deviation
        standardError = error(scaled.processError)
        measurementError = error(scaled.measurementError)
        sampleSize = scaled.count
        isResolved =
            deviation > field.resolution
            && scaled.variance > Self.significance * scaled.measurementError
    }
}
