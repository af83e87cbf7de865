/// What an axis shows.
public struct Axis: Sendable, Hashable {
    /// How values are laid out.
    public enum Spacing: String, Sendable, Hashable, CaseIterable {
        /// Equal distances for equal differences.
        case linear
        /// Equal distances for equal ratios; for positive values only.
        case logarithmic
    }

    /// What the values are, with their unit in brackets where they have one: "mismatch (%)".
    public var title: String
    /// How values are laid out.
    public var spacing: Spacing
    /// First and last value shown; nil for what the data need.
    public var range: ClosedRange<Double>?

    /// An axis; every argument has the meaning of the property of its name.
    public init(_ title: String, spacing: Spacing = .linear, range: ClosedRange<Double>? = nil) {
        self.title = title
        self.spacing = spacing
        self.range = range
    }
}
