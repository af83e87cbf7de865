internal import Yams

/// Reads the fields of a settings file, each once, with its default, its limits and its meaning in one place.
///
/// What was read becomes the documentation and the resolved file, so that neither can differ from the reader. A field
/// that nobody asked for is an error that suggests the nearest name.
public struct FieldReader {
    private let tree: SettingsTree
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
    ///   - inheritance: how the text may extend another; `nil` if it may not.
    public init(
        yaml: String, source: String, subject: String, help: String,
        overrides: [(path: String, value: String)] = [], inheritance: FieldInheritance? = nil
    ) throws(FieldError) {
        tree = try SettingsTree(
            yaml: yaml, source: source, subject: subject, help: help, overrides: overrides,
            inheritance: inheritance)
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

    /// Whole numbers within limits, in a list such as `[3, 17]`.
    public mutating func integers(
        _ path: String, _ fallback: [Int], in limits: ClosedRange<Int>, _ meaning: String
    ) throws(FieldError) -> [Int] {
        var value = fallback
        if let texts = try list(path, "a list of whole numbers such as [3, 17]") {
            value = []
            for text in texts {
                guard let number = Int(text), limits.contains(number) else {
                    throw fail(
                        path, "\"\(text)\" is not a whole number from \(limits.lowerBound) to \(limits.upperBound)")
                }
                value.append(number)
            }
        }
        func yaml(_ numbers: [Int]) -> String { "[\(numbers.map(String.init).joined(separator: ", "))]" }
        let accepts = "a list of whole numbers, \(limits.lowerBound) to \(limits.upperBound)"
        record(path, meaning, accepts, yaml(fallback), yaml(value))
        return value
    }

    /// A range within limits, as a list of its lower and its upper end.
    public mutating func range(
        _ path: String, _ fallback: ClosedRange<Double>, in limits: ClosedRange<Double>, _ meaning: String
    ) throws(FieldError) -> ClosedRange<Double> {
        var value = fallback
        let within = "from \(Self.format(limits.lowerBound)) to \(Self.format(limits.upperBound))"
        if let texts = try list(path, "a list of two numbers such as [0, 1]") {
            let ends = texts.compactMap(Double.init).filter(limits.contains)
            guard ends.count == 2, texts.count == 2 else {
                throw fail(path, "[\(texts.joined(separator: ", "))] are not two numbers \(within)")
            }
            guard ends[0] <= ends[1] else {
                throw fail(path, "the range is upside down: \(texts[0]) is above \(texts[1])")
            }
            value = ends[0]...ends[1]
        }
        func yaml(_ range: ClosedRange<Double>) -> String {
            "[\(Self.format(range.lowerBound)), \(Self.format(range.upperBound))]"
        }
        record(path, meaning, "[lower, upper] \(within)", yaml(fallback), yaml(value))
        return value
    }

    /// How many elements a list has; where the file has none, the fallback. Its elements' paths are `PATH.INDEX`.
    public mutating func elements(of path: String, default fallback: Int) throws(FieldError) -> Int {
        remember(path)
        guard let node = tree.node(path) else { return fallback }
        guard let sequence = node.sequence else {
            throw fail(path, "a list is expected (each element in a line that begins with \"- \")")
        }
        return sequence.count
    }

    /// An error at a field, for conditions that join several fields.
    public func fail(_ path: String, _ reason: String) -> FieldError {
        let place = tree.place(of: path)
        return FieldError(source: place.source, line: place.line, field: path, reason: reason)
    }

    // MARK: Completion

    /// Checks that nothing stands in the file that was not asked for.
    public func finish() throws(FieldError) {
        for layer in tree.layers { try check(layer.root, path: "", in: layer) }
    }

    private func check(_ node: Node, path: String, in layer: SettingsTree.Layer) throws(FieldError) {
        if let sequence = node.sequence {
            for (index, element) in sequence.enumerated() {
                try check(element, path: "\(path).\(index)", in: layer)
            }
            return
        }
        guard let mapping = node.mapping else { return }
        let names = known[path] ?? []
        for (key, value) in mapping {
            let name = key.scalar?.string ?? "?"
            let child = path.isEmpty ? name : "\(path).\(name)"
            guard names.contains(name) else {
                throw FieldError(
                    source: layer.source, line: layer.hasLines ? key.mark?.line : nil, field: child,
                    reason: Suggestion.text(for: name, among: names, kind: "field"))
            }
            if known[child] != nil { try check(value, path: child, in: layer) }
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

    private func scalar(_ path: String) -> String? {
        tree.node(path)?.scalar?.string
    }

    /// The scalars of a list; nil where there is nothing.
    private func list(_ path: String, _ expected: String) throws(FieldError) -> [String]? {
        guard let node = tree.node(path) else {
            try rejectStructure(path, expected)
            return nil
        }
        let texts = node.sequence?.compactMap { $0.scalar?.string }
        guard let texts, texts.count == node.sequence?.count else {
            throw fail(path, "\(expected) is expected here")
        }
        return texts
    }

    private func rejectStructure(_ path: String, _ expected: String) throws(FieldError) {
        if tree.node(path) != nil { throw fail(path, "\(expected) is expected here") }
        // A scalar where a section is meant would hide every field below it.
        var parts = path.split(separator: ".").map(String.init)
        parts.removeLast()
        while !parts.isEmpty {
            let parent = parts.joined(separator: ".")
            if let found = tree.node(parent), found.mapping == nil, found.sequence == nil {
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
