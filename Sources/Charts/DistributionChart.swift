/// Samples side by side: each value as a dot, and the box of the quartiles.
public struct DistributionChart: Sendable, Hashable {
    /// A sample.
    public struct Group: Sendable, Hashable {
        /// What it is a sample of.
        public var name: String
        /// Its values.
        public var values: [Double]

        /// A sample and its name.
        public init(_ name: String, _ values: [Double]) {
            self.name = name
            self.values = values
        }
    }

    /// What is shown.
    public var title: String
    /// What one has to know to read it.
    public var subtitle = ""
    /// The axis of the values.
    public var x: Axis
    /// The samples, from the top.
    public var groups: [Group]
    /// Values to compare with.
    public var references: [ReferenceLine] = []
    /// The width of the picture; its height follows from the number of groups.
    public var width = ChartSize.standard.width

    /// A chart; every argument has the meaning of the property of its name.
    public init(title: String, x: Axis, groups: [Group]) {
        self.title = title
        self.x = x
        self.groups = groups
    }

    /// What a reader has to know of the marks: to be shown with the chart where there is no other text.
    public static let key = "dots: values; box: quartiles and median; whiskers: extremes; diamond: mean"

    /// The chart as an SVG document.
    ///
    /// - Throws: if there is nothing to draw, a value is not finite, or one does not fit a logarithmic axis.
    public func svg() throws(ChartError) -> String {
        let size = ChartSize(width: width, height: 150 + 78 * Double(max(1, groups.count)))
        let values = groups.flatMap(\.values)
        let scale = try AxisScale(
            x, values: values + (values.isEmpty ? [] : references.map(\.value)),
            atMost: ChartFrame.horizontalTicks(size))
        let frame = ChartFrame(
            size, title: title, subtitle: subtitle,
            legend: references.enumerated().map { index, reference in
                .init(name: reference.name, sample: .reference(ReferenceLine.dashes(index)))
            }, x: scale, y: AxisScale(names: groups.map(\.name)))
        return frame.document { document in
            for (index, reference) in references.enumerated() {
                let place = frame.across(reference.value)
                frame.line(
                    (place, frame.top), (place, frame.top + frame.height), colour: "#555555", width: 1.4,
                    dashes: ReferenceLine.dashes(index), in: &document)
            }
            for (index, group) in groups.enumerated() {
                guard let sample = SampleStatistics(group.values) else { continue }
                let middle = frame.down(Double(groups.count - 1 - index))
                drawBox(sample, middle, SeriesStyle(index), frame, in: &document)
                drawDots(group.values, middle, SeriesStyle(index), frame, in: &document)
            }
        }
    }

    /// The box lies in the lower half of a row, the dots in the upper.
    private func drawBox(
        _ sample: SampleStatistics, _ middle: Double, _ style: SeriesStyle, _ frame: ChartFrame,
        in document: inout SVGDocument
    ) {
        let (top, height) = (middle + 4, 20.0)
        let centre = top + height / 2
        let quartiles = (frame.across(sample.lowerQuartile), frame.across(sample.upperQuartile))
        let extremes = (frame.across(sample.minimum), frame.across(sample.maximum))
        frame.line((extremes.0, centre), (quartiles.0, centre), colour: style.colour, width: 1.5, in: &document)
        frame.line((quartiles.1, centre), (extremes.1, centre), colour: style.colour, width: 1.5, in: &document)
        for end in [extremes.0, extremes.1] {
            frame.line((end, centre - 5), (end, centre + 5), colour: style.colour, width: 1.5, in: &document)
        }
        document.add(
            "rect",
            [
                "x": SVGDocument.number(quartiles.0), "y": SVGDocument.number(top),
                "width": SVGDocument.number(quartiles.1 - quartiles.0), "height": SVGDocument.number(height),
                "fill": style.colour, "fill-opacity": "0.16", "stroke": style.colour, "stroke-width": "1.5",
            ])
        let median = frame.across(sample.median)
        frame.line((median, top), (median, top + height), colour: style.colour, width: 3, in: &document)
        let mean = frame.across(sample.mean)
        let corners = [(mean, centre - 5.5), (mean + 4.5, centre), (mean, centre + 5.5), (mean - 4.5, centre)]
        document.add(
            "polygon",
            [
                "points": SVGDocument.points(corners.map { (x: $0.0, y: $0.1) }), "fill": "#ffffff",
                "stroke": "#222222", "stroke-width": "1.2",
            ])
    }

    /// Dots that would cover each other are stacked; where a stack is full they overlap.
    private func drawDots(
        _ values: [Double], _ middle: Double, _ style: SeriesStyle, _ frame: ChartFrame,
        in document: inout SVGDocument
    ) {
        let (pitch, levels) = (6.4, 5)
        var last = [Double](repeating: -.infinity, count: levels)
        for place in values.sorted().map(frame.across) {
            let level = last.indices.first { place - last[$0] >= pitch } ?? Self.emptiest(last)
            last[level] = place
            style.draw(place, middle - 6 - Double(level) * pitch, opacity: "0.7", in: &document)
        }
    }

    /// The level whose last dot is farthest away.
    private static func emptiest(_ last: [Double]) -> Int {
        last.indices.min { last[$0] < last[$1] } ?? 0
    }
}
