/// Writes the fields of a settings file as YAML, each with its meaning above it.
public enum ResolvedFields {
    /// A YAML mapping; list elements have a number in their path.
    public static func yaml(_ fields: [FieldDocumentation]) -> String {
        var lines: [String] = []
        var open: [Substring] = []
        for field in fields {
            let parts = field.path.split(separator: ".")
            let parents = parts.dropLast()
            var common = 0
            while common < min(open.count, parents.count), open[common] == parents[common] { common += 1 }
            var startsElement = false
            for depth in common..<max(common, parents.count) {
                if Int(parents[depth]) != nil {
                    startsElement = true
                } else {
                    lines.append(indentation(parents.prefix(depth)) + "\(parents[depth]):")
                }
            }
            open = Array(parents)
            let indent = indentation(parents)
            if !field.meaning.isEmpty {
                lines += comment(field.meaning, indent: startsElement ? String(indent.dropLast(2)) : indent)
            }
            let prefix = startsElement ? String(indent.dropLast(2)) + "- " : indent
            lines.append("\(prefix)\(parts.last ?? ""): \(field.value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A text as comment lines of at most 100 columns.
    private static func comment(_ text: String, indent: String) -> [String] {
        var lines = [indent + "#"]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].count + 1 + word.count > 100, lines[lines.count - 1] != indent + "#" {
                lines.append(indent + "#")
            }
            lines[lines.count - 1] += " " + word
        }
        return lines
    }

    private static func indentation(_ parents: ArraySlice<Substring>) -> String {
        String(repeating: "  ", count: parents.count)
    }
}
