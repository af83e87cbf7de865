internal import Yams

/// The YAML of a settings file, laid over that of the files that it extends, with overrides on top.
struct SettingsTree {
    /// One text, or the overrides.
    struct Layer {
        /// What it is called in errors.
        var source: String
        /// Its content, a mapping.
        var root: Node
        /// Whether its lines are those of a file.
        var hasLines = true

        /// The content at a path, if it has any.
        func node(_ path: String) -> Node? { SettingsTree.node(path, in: root) }
    }

    /// The layers, uppermost first.
    let layers: [Layer]
    /// What holds where each layer hides those below it; a list hides a list as a whole.
    let root: Node

    /// The tree of a text.
    ///
    /// - Throws: where a text is not a mapping, and where one extends what cannot be found or itself.
    init(
        yaml: String, source: String, subject: String, help: String,
        overrides: [(path: String, value: String)], inheritance: FieldInheritance?
    ) throws(FieldError) {
        var files = [try Self.layer(yaml, source, subject: subject, help: help)]
        while let inheritance, let last = files.last, let name = last.node("extends") {
            func fail(_ reason: String) -> FieldError {
                FieldError(source: last.source, line: name.mark?.line, field: "extends", reason: reason)
            }
            guard let text = name.scalar?.string, !text.isEmpty else { throw fail("a name is expected here") }
            let found: (yaml: String, source: String)
            do throws(FieldError) {
                found = try inheritance.find(text, last.source)
            } catch {
                throw fail(error.reason)
            }
            let chain = files.map(\.source) + [found.source]
            if files.contains(where: { $0.source == found.source }) {
                throw fail("the file extends itself: \(chain.joined(separator: " extends "))")
            }
            files[files.count - 1].root.mapping?[Node("extends")] = nil
            var base = try Self.layer(found.yaml, found.source, subject: subject, help: help)
            for field in inheritance.own { base.root.mapping?[Node(field)] = nil }
            files.append(base)
        }
        var root = files[files.count - 1].root
        for file in files.dropLast().reversed() { root = Self.merge(file.root, over: root) }

        var settings = Layer(source: "\(source) (setting)", root: Self.empty, hasLines: false)
        for override in overrides {
            let parsed: Node?
            do { parsed = try Yams.compose(yaml: override.value) } catch { parsed = nil }
            let path = override.path.split(separator: ".").map(String.init)
            guard let parsed, !path.isEmpty else {
                throw FieldError(
                    source: settings.source, line: nil, field: override.path,
                    reason: "\"\(override.value)\" is not a YAML value")
            }
            Self.set(parsed, at: path[...], in: &root)
            Self.set(parsed, at: path[...], in: &settings.root)
        }
        self.root = root
        layers = overrides.isEmpty ? files : [settings] + files
    }

    /// What holds at a path, if anything does.
    func node(_ path: String) -> Node? { Self.node(path, in: root) }

    /// Where the value at a path was given; the file itself where it was not.
    func place(of path: String) -> (source: String, line: Int?) {
        for layer in layers {
            if let node = layer.node(path) { return (layer.source, layer.hasLines ? node.mark?.line : nil) }
        }
        let file = layers.first { $0.hasLines } ?? layers[0]
        return (file.source, nil)
    }

    private static var empty: Node { Node([] as [(Node, Node)]) }

    private static func layer(
        _ yaml: String, _ source: String, subject: String, help: String
    ) throws(FieldError) -> Layer {
        let node: Node
        do {
            node = try Yams.compose(yaml: yaml) ?? empty
        } catch {
            throw FieldError(source: source, line: nil, field: "", reason: "not YAML: \(error)")
        }
        guard node.mapping != nil else {
            throw FieldError(
                source: source, line: node.mark?.line, field: "",
                reason: "\(subject) is a mapping of fields to values; see `\(help)`")
        }
        return Layer(source: source, root: node)
    }

    private static func merge(_ upper: Node, over lower: Node) -> Node {
        guard let above = upper.mapping, var below = lower.mapping else { return upper }
        for (key, value) in above { below[key] = below[key].map { merge(value, over: $0) } ?? value }
        return .mapping(below)
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
        var child = mapping[Node(first)] ?? empty
        set(value, at: path.dropFirst(), in: &child)
        mapping[Node(first)] = child
        node = .mapping(mapping)
    }

    private static func node(_ path: String, in root: Node) -> Node? {
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
}
