/// Who does what when: a row for each worker, with bars for its work.
public struct TimelineChart: Sendable, Hashable {
    /// A stretch of work.
    public struct Bar: Sendable, Hashable {
        /// Its begin on the horizontal axis.
        public var from: Double
        /// Its end.
        public var to: Double
        /// What is done, as an index into the chart's tasks.
        public var task: Int

        /// A stretch of work.
        public init(from: Double, to: Double, task: Int) {
            self.from = from
            self.to = to
            self.task = task
        }
    }

    /// A worker.
    public struct Row: Sendable, Hashable {
        /// Who it is.
        public var name: String
        /// The work.
        public var bars: [Bar]

        /// A worker.
        public init(_ name: String, _ bars: [Bar]) {
            self.name = name
            self.bars = bars
        }
    }

    /// What is shown.
    public var title: String
    /// What one has to know to read it.
    public var subtitle = ""
    /// The axis of time.
    public var x: Axis
    /// Names of the kinds of work, for the legend.
    public var tasks: [String]
    /// The workers, from the top.
    public var rows: [Row]
    /// Width of the picture; its height follows from the number of rows.
    public var width = ChartSize.standard.width

    /// A chart; every argument has the meaning of the property of its name.
    public init(title: String, x: Axis, tasks: [String], rows: [Row]) {
        self.title = title
        self.x = x
        self.tasks = tasks
        self.rows = rows
    }

    /// The chart as an SVG document. Traps on a bar of a task that has no name.
    ///
    /// - Throws: if there is nothing to draw, a time is not finite, or the axis is logarithmic.
    public func svg() throws(ChartError) -> String {
        guard x.spacing == .linear else {
            throw ChartError("Time passes evenly, and \"\(x.title)\" is to be logarithmic. Use linear.")
        }
        let bars = rows.flatMap(\.bars)
        for bar in bars {
            precondition(tasks.indices.contains(bar.task), "task \(bar.task) of \(tasks.count)")
        }
        let size = ChartSize(width: width, height: 150 + 44 * Double(max(1, rows.count)))
        var axis = x
        if axis.range == nil, let end = bars.map(\.to).max(), end > 0, end.isFinite { axis.range = 0...end }
        let frame = ChartFrame(
            size, title: title, subtitle: subtitle,
            legend: tasks.enumerated().map { index, name in
                .init(name: name, sample: .bar(SeriesStyle(index).colour))
            },
            x: try AxisScale(
                axis, values: bars.flatMap { [$0.from, $0.to] }, atMost: ChartFrame.horizontalTicks(size)),
            y: AxisScale(names: rows.map(\.name)))
        return frame.document { document in
            frame.clipped(in: &document) { document in
                for (index, row) in rows.enumerated() {
                    let middle = frame.down(Double(rows.count - 1 - index))
                    for bar in row.bars { draw(bar, middle, frame, in: &document) }
                }
            }
        }
    }

    private func draw(_ bar: Bar, _ middle: Double, _ frame: ChartFrame, in document: inout SVGDocument) {
        let from = frame.across(bar.from)
        document.add(
            "rect",
            [
                "x": SVGDocument.number(from), "y": SVGDocument.number(middle - 11),
                "width": SVGDocument.number(max(0.3, frame.across(bar.to) - from)), "height": "22",
                "fill": SeriesStyle(bar.task).colour,
            ])
    }
}
