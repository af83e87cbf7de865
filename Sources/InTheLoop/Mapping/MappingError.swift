/// A network that does not fit the chip: which resource, how much is needed, how much there is.
public struct MappingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What runs out, in the field's words.
    public var resource: String
    /// How much the network needs.
    public var needed: Int
    /// How much the chip has.
    public var available: Int
    /// What to change.
    public var remedy: String

    /// The resource, both numbers and the remedy.
    public var description: String {
        "the network does not fit the chip: it needs \(needed) \(resource), the chip has \(available). \(remedy)"
    }
}
