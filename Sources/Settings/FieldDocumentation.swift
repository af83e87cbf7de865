/// One field of a settings file, as read: its place, its meaning, and the value in force.
public struct FieldDocumentation: Sendable, Equatable, Encodable {
    /// Dotted path, such as `optimizer.learning_rate`.
    public var path: String
    /// What the field does, with its unit.
    public var meaning: String
    /// What may stand there.
    public var accepts: String
    /// The value where the file gives none, as YAML.
    public var defaultValue: String
    /// The value in force, as YAML.
    public var value: String
}
