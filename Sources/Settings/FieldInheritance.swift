/// How a settings file may build on another: its field `extends` names the one whose values hold where it gives none.
public struct FieldInheritance {
    /// Fields at the top of a file that say what the file itself is, such as its name; they are not inherited.
    public var own: [String]
    /// Finds a file by what stands in `extends` and by the source in which it stands.
    ///
    /// Throws a `FieldError` whose reason says why there is none; the place is filled in.
    public var find: (_ name: String, _ source: String) throws(FieldError) -> (yaml: String, source: String)

    /// Inheritance; every argument has the meaning of the property of its name.
    public init(
        own: [String],
        find:
            @escaping (_ name: String, _ source: String) throws(FieldError) -> (
                yaml: String, source: String
            )
    ) {
        self.own = own
        self.find = find
    }
}
