/// An error that says what went wrong and where, and what the user can do about it, if there is something.
public protocol RemediedError: Error, Sendable, CustomStringConvertible {
    /// What went wrong, and where.
    var detail: String { get }
    /// What the user can do about it, if there is something.
    var remedy: String? { get }
}

extension RemediedError {
    /// The detail, and the remedy in a line of its own.
    public var description: String {
        guard let remedy else { return detail }
        return "\(detail)\n\(remedy)"
    }
}
