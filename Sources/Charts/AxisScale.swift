import Glibc

/// An axis fitted to its data: from values to shares of its length.
struct AxisScale {
    let title: String
    let spacing: Axis.Spacing
    /// First and last value shown.
    let range: ClosedRange<Double>
    let ticks: [AxisTicks.Tick]
    /// Whether the values are names and not numbers.
    let isCategorical: Bool

    /// Fits an axis to values.
    ///
    /// - Parameters:
    ///   - limit: most ticks.
    /// - Throws: if there is no value, one is not finite, or one does not fit the axis' spacing.
    init(_ axis: Axis, values: [Double], atMost limit: Int) throws(ChartError) {
        range = try Self.range(axis, values)
        title = axis.title
        spacing = axis.spacing
        isCategorical = false
        ticks =
            switch axis.spacing {
            case .linear: AxisTicks.linear(range, atMost: limit).ticks
            case .logarithmic: AxisTicks.logarithmic(range, atMost: limit).ticks
            }
    }

    /// An axis of names; the first has the highest value, for rows that are read from the top.
    init(names: [String]) {
        range = -0.5...(Double(max(1, names.count)) - 0.5)
        title = ""
        spacing = .linear
        isCategorical = true
        ticks = names.reversed().enumerated().map { .init(value: Double($0), label: $1) }
    }

    /// Where a value lies, as a share of the axis' length; outside 0...1 for values outside the range.
    func share(_ value: Double) -> Double {
        let (low, high) = (position(range.lowerBound), position(range.upperBound))
        return (position(value) - low) / (high - low)
    }

    private func position(_ value: Double) -> Double {
        spacing == .logarithmic ? log10(value) : value
    }

    // MARK: Range

    /// Room left beyond the data, as a share of their span.
    private static let margin = 0.05

    private static func range(_ axis: Axis, _ values: [Double]) throws(ChartError) -> ClosedRange<Double> {
        if let bad = values.first(where: { !$0.isFinite }) {
            throw ChartError("\"\(axis.title)\" has the value \(bad), which cannot be drawn. Leave such points out.")
        }
        let isLogarithmic = axis.spacing == .logarithmic
        if isLogarithmic, let bad = (values + [axis.range?.lowerBound ?? 1]).first(where: { $0 <= 0 }) {
            throw ChartError(
                "\"\(axis.title)\" has the value \(bad), which has no place on a logarithmic axis. "
                    + "Use a linear one, or leave the point out.")
        }
        if let range = axis.range {
            guard range.upperBound > range.lowerBound, (range.upperBound - range.lowerBound).isFinite else {
                throw ChartError(
                    "\"\(axis.title)\" is to be shown from \(range.lowerBound) to \(range.upperBound), "
                        + "which is no range.")
            }
            return range
        }
        guard let low = values.min(), let high = values.max() else {
            throw ChartError("There are no values of \"\(axis.title)\" to draw.")
        }
        if isLogarithmic {
            let room = high > low ? pow(high / low, margin) : 2
            return low / room...high * room
        }
        // A single value gets room in its own order of magnitude.
        let room = high > low ? margin * (high - low) : max(0.05 * low.magnitude, low == 0 ? 1 : 0)
        return low - room...high + room
    }
}
