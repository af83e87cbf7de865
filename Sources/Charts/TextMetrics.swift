/// How much room text takes, without a font at hand.
///
/// Widths are rounded up from those of DejaVu Sans, the widest of the fonts that `SVGDocument` asks for, in five
/// classes of letters (own estimate): text may end up shorter, but is not cut off.
enum TextMetrics {
    /// The width of a line at a font size; bold text is an eighth wider.
    static func width(_ text: String, size: Double, isBold: Bool = false) -> Double {
        text.reduce(0) { $0 + share($1) } * size * (isBold ? 1.125 : 1)
    }

    /// Text broken between words into lines that fit a width; a single word that does not is left whole.
    static func lines(_ text: String, width limit: Double, size: Double, isBold: Bool = false) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, width("\(last) \(word)", size: size, isBold: isBold) <= limit {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// The width of a letter, as a share of the font size.
    private static func share(_ letter: Character) -> Double {
        switch letter {
        case "i", "j", "l", "I", "'", "|", ".", ",", ":", ";", " ", "!": 0.34
        case "f", "r", "t", "(", ")", "[", "]", "/", "-", "⁻", "¹": 0.42
        case "m", "w", "M", "W", "%", "@", "—", "…": 0.99
        case "A"..."Z", "+", "=", "<", ">", "×", "±", "&", "#": 0.8
        default: letter.isASCII || letter.isLetter || letter.isNumber ? 0.65 : 1
        }
    }
}
