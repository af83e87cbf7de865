internal import Yams

/// Reads the fields of a settings file, each once, with its default, its limits and its meaning in one place.
///
/// What was read becomes the documentation and the resolved file, so that neither can differ from the reader. A field
/// that nobody asked for is an error that suggests the nearest name.
public struct FieldReader {
    private let source: String
    private let subject: String
    private let help: String
    private let root: Node
    private var known: [String: [String]] = ["": []]
    /// What was read so far.
    public private(set) var fields: [FieldDocumentation] = []

    /// A reader of a YAML text.
    ///
    /// - Parameters:
    ///   - yaml: the text.
    ///   - source: the file's name, for errors.
    ///   - subject: what the file describes, such as "an experiment".
    ///   - help: the command that documents the fields.
    ///   - overrides: dotted paths with YAML values, which win over the text.
    public init(
        yaml: String, source: String, subject: String, help: String,
        overrides: [(path: String, value: String)] = []
    ) throws(FieldError) {
        self.source = source
        self.subject = subject
        self.help = help
        var node: Node
        do {
            node = try Yams.compose(yaml: yaml) ?? Node([] as [(Node, Node)])
        } catch let error as YamlError {
            throw FieldError(source: source, line: nil, field: "", reason: "not YAML: \(error)")
        } catch {
            throw FieldError(source: source, line: nil, field: "", reason: "not YAML: \(error)")
        }
        guard node.mapping != nil else {
            throw FieldError(
                source: source, line: node.mark?.line, field: "",
                reason: "\(subject) is a mapping of fields to values; see `\(help)`")
        }
        for override in overrides {
            let parsed: Node?
            do { parsed = try Yams.compose(yaml: override.value) } catch { parsed = nil }
            guard let parsed else {
                throw FieldError(
                    source: source, line: nil, field: override.path,
                    reason: "\"\(override.value)\" is not a YAML value")
            }
            Self.set(parsed, at: override.path.split(separator: ".").map(String.init)[...], in: &node)
        }
        root = node
    }

    private static func set(_ value: Node, at path: ArraySlice<String>, in node: inout Node) {
        guard let first = path.first else {
            node = value
            return
        }
        if var sequence = node.sequence, let index = Int(first), sequence.indices.contains(index) {
            set(value, at: path.dropFirst(), in: &sequence[index])
            node = .sequence(sequence)
            return
        }
        var mapping = node.mapping ?? Node.Mapping([])
        var child = mapping[Node(first)] ?? Node([] as [(Node, Node)])
        set(value, at: path.dropFirst(), in: &child)
        mapping[Node(first)] = child
        node = .mapping(mapping)
    }

    // MARK: Values

    /// A number within limits.
    public mutating func number(
        _ path: String, _ fallback: Double, in limits: ClosedRange<Double>, _ meaning: String
    ) throws(FieldError) -> Double {
        let text = scalar(path)
        let accepts = "\(Self.format(limits.lowerBound)) to \(Self.format(limits.upperBound))"
        let value: Double
        if let text {
            guard let parsed = Double(text), limits.contains(parsed) else {
                throw fail(path, "\"\(text)\" is not a number from \(accepts)")
            }
            value = parsed
        } else {
            try rejectStructure(path, "a number")
            value = fallback
        }
        record(path, meaning, accepts, Self.format(fallback), Self.format(value))
        return value
    }

    /// A whole number within limits.
    public mutating func integer(
        _ path: String, _ fallback: Int, in limits: ClosedRange<Int>, _ meaning: String
    ) throws(FieldError) -> Int {
        let text = scalar(path)
        let accepts = "\(limits.lowerBound) to \(limits.upperBound)"
        let value: Int
        if let text {
            guard let parsed = Int(text), limits.contains(parsed) else {
                throw fail(path, "\"\(text)\" is not a whole number from \(accepts)")
            }
            value = parsed
        } else {
            try rejectStructure(path, "a whole number")
            value = fallback
        }
        record(path, meaning, accepts, "\(fallback)", "\(value)")
        return value
    }

    /// True or false.
    public mutating func flag(
        _ path: String, _ fallback: Bool, _ meaning: String
    ) throws(FieldError) -> Bool {
        let text = scalar(path)
        if text == nil { try rejectStructure(path, "true or false") }
        guard text == nil || text == "true" || text == "false" else {
            throw fail(path, "\"\(text ?? "")\" is neither true nor false")
        }
        let value = text.map { $0 == "true" } ?? fallback
        record(path, meaning, "true, false", "\(fallback)", "\(value)")
        return value
    }

    /// One of the words of an enumeration.
    public mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ path: String, _ fallback: Choice, _ meaning: String
    ) throws(FieldError) -> Choice {
        let words = Choice.allCases.map(\.rawValue)
        let text = scalar(path)
        if text == nil { try rejectStructure(path, "a word") }
        guard let value = text.map({ Choice(rawValue: $0) }) ?? fallback else {
            throw fail(path, Suggestion.text(for: text ?? "", among: words, kind: "value"))
        }
        record(path, meaning, words.joined(separator: ", "), fallback.rawValue, value.rawValue)
        return value
    }

    /// Free text.
    public mutating func text(
        _ path: String, _ fallback: String, _ meaning: String
    ) throws(FieldError) -> String {
        let given = scalar(path)
        if given == nil { try rejectStructure(path, "a text") }
        let value = given ?? fallback
        record(path, meaning, "text", Self.quote(fallback), Self.quote(value))
        return value
    }

    /// How many elements a list has; where the file has none, the fallback. Its elements' paths are `PATH.INDEX`.
    public mutating func elements(of path: String, default fallback: Int) throws(FieldError) -> Int {
        remember(path)
        guard let node = node(path) else { return fallback }
        guard let sequence = node.sequence else {
            throw fail(path, "a list is expected (each element in a line that begins with \"- \")")
        }
        return sequence.count
    }

    /// An error at a field, for conditions that join several fields.
    public func fail(_ path: String, _ reason: String) -> FieldError {
        FieldError(source: source, line: node(path)?.mark?.line, field: path, reason: reason)
    }

    // MARK: Completion

    /// Checks that nothing stands in the file that was not asked for.
    public func finish() throws(FieldError) {
        try check(root, path: "")
    }

    private func check(_ node: Node, path: String) throws(FieldError) {
        if let sequence = node.sequence {
            for (index, element) in sequence.enumerated() { try check(element, path: "\(path).\(index)") }
            return
        }
        guard let mapping = node.mapping else { return }
        let names = known[path] ?? []
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "?"
            guard names.contains(name) else {
                throw FieldError(
                    source: source, line: key.mark?.line,
                    field: path.isEmpty ? name : "\(path).\(name)",
                    reason: Suggestion.text(for: name, among: names, kind: "field"))
            }
            let child = path.isEmpty ? name : "\(path).\(name)"
            if known[child] != nil { try check(value, path: child) }
        }
    }

    // MARK: Parts

    private mutating func record(
        _ path: String, _ meaning: String, _ accepts: String, _ fallback: String, _ value: String
    ) {
        remember(path)
        fields.append(
            FieldDocumentation(
                path: path, meaning: meaning, accepts: accepts, defaultValue: fallback, value: value))
    }

    private mutating func remember(_ path: String) {
        var parent = ""
        for part in path.split(separator: ".").map(String.init) {
            if !(known[parent, default: []].contains(part)) { known[parent, default: []].append(part) }
            parent = parent.isEmpty ? part : "\(parent).\(part)"
        }
    }

    private func node(_ path: String) -> Node? {
        var current = root
        for part in path.split(separator: ".") {
            if let sequence = current.sequence {
                guard let index = Int(part), sequence.indices.contains(index) else { return nil }
                current = sequence[index]
            } else {
                guard let next = current.mapping?[Node(String(part))] else { return nil }
                current = next
            }
        }
        return current
    }

    private func scalar(_ path: String) -> String? {
        node(path)?.scalar?.string
    }

    private func rejectStructure(_ path: String, _ expected: String) throws(FieldError) {
        if node(path) != nil { throw fail(path, "\(expected) is expected here") }
        // A scalar where a section is meant would hide every field below it.
        var parts = path.split(separator: ".").map(String.init)
        parts.removeLast()
        while !parts.isEmpty {
            let parent = parts.joined(separator: ".")
            if let found = node(parent), found.mapping == nil, found.sequence == nil {
                throw fail(parent, "a section with fields of its own is expected here")
            }
            parts.removeLast()
        }
    }

    private static func format(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }

    private static func quote(_ text: String) -> String {
        let escaped = text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\"")
        return "\"\(escaped)\""
    }
}
