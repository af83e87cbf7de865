/// A vector image as text, element by element.
///
/// There is no plotting library for Swift on Linux, and a chart needs little of SVG 1.1: lines, polygons, circles, text.
struct SVGDocument {
    private let size: ChartSize
    private let title: String
    private var elements: [String] = []
    private var depth = 1

    /// Fonts in order of preference; the widths of `TextMetrics` hold for the widest.
    static let fonts = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"

    /// An empty document on a white ground.
    ///
    /// - Parameters:
    ///   - title: what screen readers say, and browsers when the pointer rests.
    init(_ size: ChartSize, title: String) {
        self.size = size
        self.title = title
        add("rect", ["width": Self.number(size.width), "height": Self.number(size.height), "fill": "#ffffff"])
    }

    /// Adds an element; attributes stay in their order.
    mutating func add(_ name: String, _ attributes: KeyValuePairs<String, String>, text: String? = nil) {
        let end = text.map { ">\(Self.escaped($0))</\(name)>" } ?? "/>"
        elements.append(indent + "<\(name)\(Self.list(attributes))\(end)")
    }

    /// Adds elements inside another one.
    mutating func group(
        _ name: String = "g", _ attributes: KeyValuePairs<String, String>, _ body: (inout SVGDocument) -> Void
    ) {
        elements.append(indent + "<\(name)\(Self.list(attributes))>")
        depth += 1
        body(&self)
        depth -= 1
        elements.append(indent + "</\(name)>")
    }

    /// The document.
    var text: String {
        let (width, height) = (Self.number(size.width), Self.number(size.height))
        let head =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width)\" height=\"\(height)\" "
            + "viewBox=\"0 0 \(width) \(height)\" font-family=\"\(Self.fonts)\" role=\"img\">"
        let lines = [head, "  <title>\(Self.escaped(title))</title>"] + elements + ["</svg>"]
        return lines.joined(separator: "\n") + "\n"
    }

    /// A coordinate as text.
    static func number(_ value: Double) -> String { DecimalText.coordinate(value) }

    /// Points as the value of a `points` attribute.
    static func points(_ points: [(x: Double, y: Double)]) -> String {
        points.map { "\(number($0.x)),\(number($0.y))" }.joined(separator: " ")
    }

    /// Text with all that XML gives a meaning escaped; characters that XML 1.0 does not allow are replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n", "\r": result += " "
            case "\u{0}"..<" ", "\u{FFFE}", "\u{FFFF}": result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private var indent: String { String(repeating: "  ", count: depth) }

    private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
    }
}
