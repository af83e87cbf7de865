/// The size of a chart, in units of which a screen at 100 % shows one per pixel.
public struct ChartSize: Sendable, Hashable {
    /// From left to right.
    public var width: Double
    /// From top to bottom.
    public var height: Double

    /// A size.
    public init(width: Double, height: Double) {
        self.width = width
        self.height = height
    }

    /// Wide enough for a legend, small enough for a page.
    public static let standard = Self(width: 720, height: 440)
}
