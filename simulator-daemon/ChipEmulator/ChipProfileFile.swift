public import Settings

/// A chip profile as a file: the profile, what its file says of itself, and every field with its meaning.
///
/// A field that neither the file nor one that it extends gives has the value of an ideal chip.
public struct ChipProfileFile: Sendable {
    /// The chip.
    public let profile: ChipProfile
    /// A sentence for people who choose.
    public let summary: String
    /// Every field with its meaning and its value in force.
    public let fields: [FieldDocumentation]

    /// Reads a profile.
    ///
    /// - Parameters:
    ///   - yaml: the file's text.
    ///   - source: the file's path, or the name of a shipped profile; names the profile where the text does not.
    ///   - overrides: dotted paths and YAML values that win over the file.
    ///   - readFile: gives the text of a file that another one extends, by its path.
    /// - Throws: the place and the reason; unknown fields come with a suggestion.
    public init(
        yaml: String, source: String, overrides: [(path: String, value: String)] = [],
        readFile: @escaping (_ path: String) throws(FieldError) -> String = Self.noFiles
    ) throws(FieldError) {
        let inheritance = FieldInheritance(own: ["name", "summary"]) {
            (name: String, from: String) throws(FieldError) in
            if let shipped = ChipProfile.shippedText(name) { return (shipped, name) }
            guard Self.isPath(name) else {
                throw FieldError(source: from, line: nil, field: "extends", reason: Self.unknown(name))
            }
            let path = name.hasPrefix("/") ? name : Self.folder(of: from) + name
            return (try readFile(path), path)
        }
        var reader = try FieldReader(
            yaml: yaml, source: source, subject: "a chip profile", help: "volleyd profile fields",
            overrides: overrides, inheritance: inheritance)
        let name = try reader.text(
            "name", Self.name(of: source), "Short name, by which results tell what they were measured on.")
        summary = try reader.text("summary", "", "A sentence for people who choose a profile.")
        profile = try ChipProfile(name: name, reading: &reader)
        try reader.finish()
        fields = reader.fields
    }

    /// The whole profile as YAML with every field written out; reading it gives the same profile.
    public var resolved: String { ResolvedFields.yaml(fields) }

    /// Whether a text can be a path: names of shipped profiles have neither slash nor dot.
    public static func isPath(_ text: String) -> Bool { text.contains { $0 == "/" || $0 == "." } }

    /// What is said of a name that is no shipped profile's.
    public static func unknown(_ name: String) -> String {
        Suggestion.text(for: name, among: ChipProfile.shippedNames, kind: "chip profile")
            + " (a file is named by a path with a slash or a dot, such as ./\(name))"
    }

    /// Refuses every file: for texts that extend nothing but shipped profiles.
    public static func noFiles(_ path: String) throws(FieldError) -> String {
        throw FieldError(
            source: path, line: nil, field: "", reason: "only shipped profiles can be extended here")
    }

    private static func folder(of source: String) -> String {
        source.lastIndex(of: "/").map { String(source[...$0]) } ?? ""
    }

    /// The last part of a path without its ending.
    private static func name(of source: String) -> String {
        let last = source.split(separator: "/").last.map(String.init) ?? source
        for ending in [".yaml", ".yml"] where last.hasSuffix(ending) && last.count > ending.count {
            return String(last.dropLast(ending.count))
        }
        return last
    }
}
