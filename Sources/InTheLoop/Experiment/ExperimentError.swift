/// What is wrong with an experiment file, and where.
public struct ExperimentError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, or the preset's name.
    public var source: String
    /// Line in the file, from 1, where it is known.
    public var line: Int?
    /// Dotted path of the field, such as `optimizer.learning_rate`; empty for the whole file.
    public var field: String
    /// What is wrong, and what to do.
    public var reason: String

    /// The place, then the reason.
    public var description: String {
        let place = line.map { "\(source):\($0)" } ?? source
        return field.isEmpty ? "\(place): \(reason)" : "\(place): \(field): \(reason)"
    }
}
