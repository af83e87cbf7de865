internal import Crypto
public import Foundation
public import Substrate

/// The codes that make the neurons of one chip what they shall be, and how well they do.
public struct CalibrationResult: Sendable, Equatable, Codable {
    /// Version of the file's layout.
    public static let currentSchema = 1

    /// Version of the file's layout.
    public var schema: Int
    /// Whose calibration it is.
    public var device: CalibrationIdentity
    /// What the neurons shall be.
    public var targets: NeuronTargets
    /// What to write; shape `[circuit]`. Nominal where a circuit did not allow the measurement.
    public var codes: [NeuronCodes]
    /// What the nominal codes gave, each parameter measured after those before it were calibrated.
    public var before: NeuronMeasurements
    /// What the codes give, measured afresh after the search. A later probe is compared with it.
    public var after: NeuronMeasurements
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

    /// Number of circuits.
    public var circuitCount: Int { codes.count }

    /// Measured less target; shape `[circuit]`, NaN where a circuit did not allow the measurement.
    public func residuals(_ parameter: CalibratedParameter) -> [Double] {
        let target = parameter.target(of: targets)
        return after[parameter].map { $0 - target }
    }

    /// Whether a parameter of each circuit is within its tolerance; shape `[circuit]`.
    public func succeeded(_ parameter: CalibratedParameter) -> [Bool] {
        let tolerance = parameter.tolerance(for: targets)
        // NaN compares false: what could not be measured has failed.
        return residuals(parameter).map { $0.magnitude <= tolerance }
    }

    /// Whether all parameters of each circuit are within their tolerance; shape `[circuit]`.
    public var succeeded: [Bool] {
        CalibratedParameter.allCases.map(succeeded).reduce(
            [Bool](repeating: true, count: circuitCount)
        ) { zip($0, $1).map { $0 && $1 } }
    }

    /// SHA-256 in hexadecimal of all but when and how fast it was made: equal hashes are equal calibrations.
    public var contentHash: String {
        var content = self
        content.date = ""
        content.wallSeconds = 0
        return SHA256.hash(data: Self.encode(content)).map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16)
        }.joined()
    }

    /// Seconds between the making and a moment; nil where the date cannot be read.
    public func age(at moment: Date) -> Double? {
        (try? Date(date, strategy: .iso8601)).map { moment.timeIntervalSince($0) }
    }
}

// MARK: File

extension CalibrationResult {
    /// The file's content: the calibration and its hash; for other readers, what follows from them, by parameter.
    private struct File: Codable {
        var calibration: CalibrationResult
        var contentHash: String
        /// Measured less target; shape `[circuit]`.
        var residuals: [String: [Double]]?
        /// Whether all parameters are within their tolerance; shape `[circuit]`.
        var succeeded: [Bool]?
    }

    /// The calibration as a JSON file.
    public var encoded: Data {
        let residuals = CalibratedParameter.allCases.map { ($0.rawValue, self.residuals($0)) }
        return Self.encode(
            File(
                calibration: self, contentHash: contentHash,
                residuals: Dictionary(uniqueKeysWithValues: residuals), succeeded: succeeded))
    }

    /// Reads a calibration file.
    ///
    /// - Parameter source: the file's name, for errors.
    /// - Throws: `corrupt` if it is no calibration, of another layout, or not what was written.
    public init(decoding data: Data, source: String) throws(RunError) {
        func damaged(_ reason: String) -> RunError {
            RunError(
                .corrupt, "\(source): \(reason)",
                remedy: "Remove the file, and calibrate again with `volley calibrate`.")
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let file: File
        do {
            file = try decoder.decode(File.self, from: data)
        } catch {
            throw damaged("not a calibration file, or cut short")
        }
        self = file.calibration
        guard schema == Self.currentSchema else {
            throw damaged("layout \(schema), this version reads layout \(Self.currentSchema)")
        }
        guard file.contentHash == contentHash else {
            throw damaged("the content does not fit its hash")
        }
        let counts = [codes.count, before.circuitCount, after.circuitCount]
        guard counts.allSatisfy({ $0 == device.circuits }), before.isWellFormed, after.isWellFormed else {
            throw damaged("columns of \(counts) circuits for a chip of \(device.circuits)")
        }
    }

    private static func encode(_ value: some Encodable) -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        // Numbers, texts and arrays always encode.
        return (try? encoder.encode(value)) ?? Data()
    }
}
