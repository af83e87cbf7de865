/// How often values fall into bins of equal width.
public struct HistogramChart: Sendable, Hashable {
    /// What is shown.
    public var title: String
    /// What one has to know to read it.
    public var subtitle = ""
    /// The axis of the values.
    public var x: Axis
    /// The title of the axis of counts.
    public var countTitle = "count"
    /// The values.
    public var values: [Double]
    /// Values to compare with.
    public var references: [ReferenceLine] = []
    /// The size of the picture.
    public var size = ChartSize.standard

    /// A chart; every argument has the meaning of the property of its name.
    public init(title: String, x: Axis, values: [Double]) {
        self.title = title
        self.x = x
        self.values = values
    }

    /// The chart as an SVG document.
    ///
    /// - Throws: if there is nothing to draw, a value is not finite, or the axis is logarithmic.
    public func svg() throws(ChartError) -> String {
        guard x.spacing == .linear else {
            throw ChartError(
                "A histogram has bins of equal width, and \"\(x.title)\" is to be logarithmic. Use linear.")
        }
        let bins = HistogramBins(try shown())
        var axis = x
        axis.range = x.range ?? Self.extent(bins, references.map(\.value))
        let highest = Double(bins.counts.max() ?? 0)
        let frame = ChartFrame(
            size, title: title, subtitle: subtitle,
            legend: references.enumerated().map { index, reference in
                .init(name: reference.name, sample: .reference(ReferenceLine.dashes(index)))
            },
            x: try AxisScale(axis, values: [], atMost: ChartFrame.horizontalTicks(size)),
            y: try AxisScale(
                Axis(countTitle, range: 0...max(1, highest * 1.05)), values: [],
                atMost: ChartFrame.verticalTicks(size)))
        return frame.document { document in
            frame.clipped(in: &document) { document in
                for (index, count) in bins.counts.enumerated() where count > 0 {
                    let (from, to) = (frame.across(bins.edge(index)), frame.across(bins.edge(index + 1)))
                    let height = frame.top + frame.height - frame.down(Double(count))
                    document.add(
                        "rect",
                        [
                            "x": SVGDocument.number(from), "y": SVGDocument.number(frame.down(Double(count))),
                            "width": SVGDocument.number(to - from), "height": SVGDocument.number(height),
                            "fill": SeriesStyle.colours[0], "fill-opacity": "0.75", "stroke": "#ffffff",
                        ])
                }
                for (index, reference) in references.enumerated() {
                    let place = frame.across(reference.value)
                    frame.line(
                        (place, frame.top), (place, frame.top + frame.height), colour: "#555555", width: 1.4,
                        dashes: ReferenceLine.dashes(index), in: &document)
                }
            }
        }
    }

    /// The values, if they can be drawn.
    private func shown() throws(ChartError) -> [Double] {
        guard !values.isEmpty else { throw ChartError("There are no values of \"\(x.title)\" to draw.") }
        if let bad = values.first(where: { !$0.isFinite }) {
            throw ChartError("\"\(x.title)\" has the value \(bad), which cannot be drawn. Leave such values out.")
        }
        return values
    }

    /// From the first bin, or a reference before it, to the last.
    private static func extent(_ bins: HistogramBins, _ references: [Double]) -> ClosedRange<Double> {
        let first = min(bins.edge(0), references.min() ?? .infinity)
        let last = max(bins.edge(bins.counts.count), references.max() ?? -.infinity)
        return first - 0.02 * (last - first)...last + 0.02 * (last - first)
    }
}
