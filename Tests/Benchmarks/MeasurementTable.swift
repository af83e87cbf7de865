import Foundation

/// Measurements as lines for people.
enum MeasurementTable {
    /// The names of the columns.
    static let header = row(
        "benchmark", ["patterns/s", "min", "max", "ns x cores", "cores", "events", "spikes", "MiB", "apart"])

    /// A measurement, and below it what its time went to.
    static func rows(_ measurement: Measurement) -> [String] {
        let first = row(
            measurement.name,
            [
                whole(measurement.median), whole(measurement.range.lowerBound), whole(measurement.range.upperBound),
                whole(measurement.coreNanoseconds), "\(measurement.threads)", whole(measurement.eventsPerPattern),
                whole(measurement.spikesPerPattern), whole(measurement.peakMemory),
                measurement.coreRoundTrip.map { "\(whole($0.lowerBound))-\(whole($0.upperBound))" } ?? "-",
            ])
        guard !measurement.partNanoseconds.isEmpty else { return [first] }
        let parts = measurement.partNanoseconds.map { "\($0.name) \(whole($0.nanoseconds))" }
        return [first, "    ns of a pattern: " + parts.joined(separator: ", ")]
    }

    /// A number without its fraction, in groups of three digits.
    static func whole(_ value: Double) -> String {
        let digits = Array(String(Int(value.rounded())))
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0, digits[index - 1] != "-" { text += "," }
            text.append(digit)
        }
        return text
    }

    /// A name and columns, each flush right.
    static func row(_ name: String, _ columns: [String]) -> String {
        name.padding(toLength: max(30, name.count), withPad: " ", startingAt: 0)
            + columns.map { String(repeating: " ", count: max(1, 11 - $0.count)) + $0 }.joined()
    }
}
