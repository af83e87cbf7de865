/// A value to compare with, drawn as a dashed line across the chart and named in the legend.
public struct ReferenceLine: Sendable, Hashable {
    /// The value on the axis of the data.
    public var value: Double
    /// What it is.
    public var name: String

    /// A value and its name.
    public init(_ value: Double, name: String) {
        self.value = value
        self.name = name
    }

    /// The dashes, told apart by their pattern.
    static func dashes(_ index: Int) -> String { ["7 4", "2 3", "9 3 2 3"][index % 3] }
}
