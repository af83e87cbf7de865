/// What is wrong with a settings file, and where.
public struct FieldError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file, or the name of what ships with the product.
    public var source: String
    /// Line in the file, from 1, where it is known.
    public var line: Int?
    /// Dotted path of the field, such as `optimizer.learning_rate`; empty for the whole file.
    public var field: String
    /// What is wrong, and what to do.
    public var reason: String

    /// An error at a place; every argument has the meaning of the property of its name.
    public init(source: String, line: Int?, field: String, reason: String) {
        self.source = source
        self.line = line
        self.field = field
        self.reason = reason
    }

    /// The place, then the reason.
    public var description: String {
        let place = line.map { "\(source):\($0)" } ?? source
        return field.isEmpty ? "\(place): \(reason)" : "\(place): \(field): \(reason)"
    }
}
