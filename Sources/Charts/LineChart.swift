/// Values against a number, as lines or points, with their spread.
public struct LineChart: Sendable, Hashable {
    /// A value.
    public struct Point: Sendable, Hashable {
        /// Its place on the horizontal axis.
        public var x: Double
        /// The value.
        public var y: Double
        /// The spread around it; nil for none.
        public var spread: ClosedRange<Double>?

        /// A value; every argument has the meaning of the property of its name.
        public init(_ x: Double, _ y: Double, spread: ClosedRange<Double>? = nil) {
            self.x = x
            self.y = y
            self.spread = spread
        }
    }

    /// How the points of a series are shown.
    public enum Style: String, Sendable, Hashable {
        /// Markers on a line, the spread as a band.
        case band
        /// Markers on a line, the spread as bars.
        case bars
        /// Markers alone, the spread as bars.
        case points
    }

    /// Points that belong together.
    public struct Series: Sendable, Hashable {
        /// What the legend says; nothing for no place in it.
        public var name: String
        /// The points, in the order of the line.
        public var points: [Point]
        /// How they are shown.
        public var style: Style

        /// A series; every argument has the meaning of the property of its name.
        public init(_ name: String, _ points: [Point], style: Style = .band) {
            self.name = name
            self.points = points
            self.style = style
        }
    }

    /// What is shown.
    public var title: String
    /// What one has to know to read it: what the spread is, over what.
    public var subtitle = ""
    /// The horizontal axis.
    public var x: Axis
    /// The vertical axis.
    public var y: Axis
    /// The data.
    public var series: [Series]
    /// Values of y to compare with.
    public var references: [ReferenceLine] = []
    /// The size of the picture.
    public var size = ChartSize.standard

    /// A chart; every argument has the meaning of the property of its name.
    public init(title: String, x: Axis, y: Axis, series: [Series]) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
    }

    /// The chart as an SVG document.
    ///
    /// - Throws: if there is nothing to draw, a value is not finite, or one does not fit a logarithmic axis.
    public func svg() throws(ChartError) -> String {
        let points = series.flatMap(\.points)
        let vertical =
            points.flatMap { [$0.y, $0.spread?.lowerBound ?? $0.y, $0.spread?.upperBound ?? $0.y] }
            + (points.isEmpty ? [] : references.map(\.value))
        let frame = ChartFrame(
            size, title: title, subtitle: subtitle, legend: legend,
            x: try AxisScale(x, values: points.map(\.x), atMost: ChartFrame.horizontalTicks(size)),
            y: try AxisScale(y, values: vertical, atMost: ChartFrame.verticalTicks(size)))
        return frame.document { document in
            frame.clipped(in: &document) { document in
                for (index, series) in series.enumerated() where series.style == .band {
                    drawBand(series, SeriesStyle(index), frame, in: &document)
                }
                for (index, reference) in references.enumerated() {
                    let place = frame.down(reference.value)
                    frame.line(
                        (frame.left, place), (frame.left + frame.width, place), colour: "#555555", width: 1.4,
                        dashes: ReferenceLine.dashes(index), in: &document)
                }
                for (index, series) in series.enumerated() {
                    drawLines(series, SeriesStyle(index), frame, in: &document)
                }
            }
            for (index, series) in series.enumerated() {
                for point in series.points {
                    let place = (x: frame.across(point.x), y: frame.down(point.y))
                    // One of a range that the user narrowed is left out rather than drawn on the labels.
                    if frame.contains(place) { SeriesStyle(index).draw(place.x, place.y, in: &document) }
                }
            }
        }
    }

    private var legend: [ChartFrame.Entry] {
        series.enumerated().map { index, series in
            .init(name: series.name, sample: .series(SeriesStyle(index), hasLine: series.style != .points))
        }
            + references.enumerated().map { index, reference in
                .init(name: reference.name, sample: .reference(ReferenceLine.dashes(index)))
            }
    }

    private func drawBand(
        _ series: Series, _ style: SeriesStyle, _ frame: ChartFrame, in document: inout SVGDocument
    ) {
        let upper = series.points.map { (x: frame.across($0.x), y: frame.down($0.spread?.upperBound ?? $0.y)) }
        let lower = series.points.map { (x: frame.across($0.x), y: frame.down($0.spread?.lowerBound ?? $0.y)) }
        document.add(
            "polygon",
            [
                "points": SVGDocument.points(upper + lower.reversed()), "fill": style.colour, "fill-opacity": "0.16",
            ])
    }

    private func drawLines(
        _ series: Series, _ style: SeriesStyle, _ frame: ChartFrame, in document: inout SVGDocument
    ) {
        if series.style != .points {
            let places = series.points.map { (x: frame.across($0.x), y: frame.down($0.y)) }
            document.add(
                "polyline",
                [
                    "points": SVGDocument.points(places), "fill": "none", "stroke": style.colour,
                    "stroke-width": "2", "stroke-linejoin": "round",
                ])
        }
        guard series.style != .band else { return }
        for point in series.points {
            guard let spread = point.spread else { continue }
            let place = frame.across(point.x)
            let (low, high) = (frame.down(spread.lowerBound), frame.down(spread.upperBound))
            for (from, to) in [
                ((place, low), (place, high)), ((place - 4, low), (place + 4, low)),
                ((place - 4, high), (place + 4, high)),
            ] {
                frame.line(from, to, colour: style.colour, width: 1.4, in: &document)
            }
        }
    }
}
