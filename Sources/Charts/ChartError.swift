/// Why a chart cannot be drawn.
public struct ChartError: Error, Hashable, CustomStringConvertible {
    /// What is wrong, with which values, and what to do.
    public var description: String

    init(_ description: String) {
        self.description = description
    }
}
