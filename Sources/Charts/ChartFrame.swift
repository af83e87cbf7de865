/// All of a chart but its data: title, legend, axes and grid, laid out so that nothing lies on anything else.
struct ChartFrame {
    /// What the legend shows beside a name.
    enum Sample {
        /// A marker, on a line or alone.
        case series(SeriesStyle, hasLine: Bool)
        /// The dashes of a reference.
        case reference(String)
        /// A bar of a colour.
        case bar(String)
    }

    /// A name in the legend.
    struct Entry {
        var name: String
        var sample: Sample
    }

    private let size: ChartSize
    private let title: String
    private let titleLines: [String]
    private let subtitleLines: [String]
    private let rows: [[Entry]]
    private let rowLabels: [[String]]
    private let x: AxisScale
    private let y: AxisScale
    /// The rectangle of the data.
    let left: Double
    let top: Double
    let width: Double
    let height: Double

    private static let edge = 16.0
    private static let titleSize = 16.0
    private static let textSize = 13.0
    private static let tickSize = 12.0
    private static let lineHeight = 1.3

    /// Lays a chart out.
    init(_ size: ChartSize, title: String, subtitle: String, legend: [Entry], x: AxisScale, y: AxisScale) {
        self.size = size
        self.title = title
        self.x = x
        self.y = y
        let inner = size.width - 2 * Self.edge
        titleLines = TextMetrics.lines(title, width: inner, size: Self.titleSize, isBold: true)
        subtitleLines = TextMetrics.lines(subtitle, width: inner, size: Self.textSize)
        rows = Self.rows(legend, width: inner)
        rowLabels = y.ticks.map { tick in
            y.isCategorical
                ? TextMetrics.lines(tick.label, width: 0.35 * size.width, size: Self.textSize) : [tick.label]
        }
        let labels = rowLabels.joined().map { TextMetrics.width($0, size: Self.tickSize + (y.isCategorical ? 1 : 0)) }
        let axisTitle = y.title.isEmpty ? 0 : Self.textSize * Self.lineHeight + 6
        left = Self.edge + axisTitle + (labels.max() ?? 0) + 10
        let titles = Double(titleLines.count) * Self.titleSize + Double(subtitleLines.count) * Self.textSize
        top = Self.edge + titles * Self.lineHeight + Double(rows.count) * 20 + 10
        let overhang = (x.ticks.last.map { TextMetrics.width($0.label, size: Self.tickSize) } ?? 0) / 2
        width = max(40, size.width - left - max(Self.edge + 4, overhang + 6))
        height = max(40, size.height - top - Self.tickSize - 12 - Self.textSize * Self.lineHeight - Self.edge)
    }

    /// Most ticks that a horizontal axis has room for.
    static func horizontalTicks(_ size: ChartSize) -> Int { max(2, Int(size.width / 85)) }
    /// Most ticks that a vertical axis has room for.
    static func verticalTicks(_ size: ChartSize) -> Int { max(2, Int(size.height / 55)) }

    // MARK: Places

    /// The horizontal place of a value.
    func across(_ value: Double) -> Double { left + x.share(value) * width }

    /// The vertical place of a value.
    func down(_ value: Double) -> Double { top + (1 - y.share(value)) * height }

    /// Whether a place lies on the rectangle of the data.
    func contains(_ place: (x: Double, y: Double)) -> Bool {
        (left - 0.5...left + width + 0.5).contains(place.x) && (top - 0.5...top + height + 0.5).contains(place.y)
    }

    // MARK: Drawing

    /// The chart: the frame, and inside it what `body` draws.
    func document(_ body: (inout SVGDocument) -> Void) -> String {
        var document = SVGDocument(size, title: title)
        drawHead(in: &document)
        drawHorizontalAxis(in: &document)
        drawVerticalAxis(in: &document)
        body(&document)
        return document.text
    }

    /// Draws what is cut off at the rectangle of the data; coordinates are those of the chart.
    func clipped(in document: inout SVGDocument, _ body: (inout SVGDocument) -> Void) {
        let box = [left, top, width, height].map(SVGDocument.number)
        document.group(
            "svg",
            [
                "x": box[0], "y": box[1], "width": box[2], "height": box[3], "viewBox": box.joined(separator: " "),
                "overflow": "hidden",
            ], body)
    }

    /// Draws a straight line.
    func line(
        _ from: (x: Double, y: Double), _ to: (x: Double, y: Double), colour: String, width: Double = 1,
        dashes: String = "none", in document: inout SVGDocument
    ) {
        document.add(
            "line",
            [
                "x1": SVGDocument.number(from.x), "y1": SVGDocument.number(from.y), "x2": SVGDocument.number(to.x),
                "y2": SVGDocument.number(to.y), "stroke": colour, "stroke-width": SVGDocument.number(width),
                "stroke-dasharray": dashes,
            ])
    }

    private func write(
        _ text: String, _ x: Double, _ y: Double, size: Double, anchor: String = "start", colour: String = "#222222",
        weight: String = "normal", turned: Bool = false, in document: inout SVGDocument
    ) {
        let place = "\(SVGDocument.number(x)) \(SVGDocument.number(y))"
        document.add(
            "text",
            [
                "x": SVGDocument.number(x), "y": SVGDocument.number(y), "font-size": SVGDocument.number(size),
                "font-weight": weight, "text-anchor": anchor, "fill": colour,
                "transform": turned ? "rotate(-90 \(place))" : "rotate(0)",
            ], text: text)
    }

    private func drawHead(in document: inout SVGDocument) {
        var bottom = Self.edge
        for line in titleLines {
            bottom += Self.titleSize * Self.lineHeight
            write(line, Self.edge, bottom - 5, size: Self.titleSize, weight: "bold", in: &document)
        }
        for line in subtitleLines {
            bottom += Self.textSize * Self.lineHeight
            write(line, Self.edge, bottom - 4, size: Self.textSize, colour: "#555555", in: &document)
        }
        for row in rows {
            bottom += 20
            var start = Self.edge
            for entry in row {
                draw(entry.sample, start, bottom - 6, in: &document)
                write(entry.name, start + Self.sampleWidth, bottom - 1.5, size: Self.textSize, in: &document)
                start += Self.width(of: entry)
            }
        }
    }

    private func draw(_ sample: Sample, _ x: Double, _ y: Double, in document: inout SVGDocument) {
        switch sample {
        case .series(let style, let hasLine):
            if hasLine { line((x, y), (x + 22, y), colour: style.colour, width: 2, in: &document) }
            style.draw(x + 11, y, in: &document)
        case .reference(let dashes):
            line((x, y), (x + 22, y), colour: "#555555", width: 1.4, dashes: dashes, in: &document)
        case .bar(let colour):
            line((x, y), (x + 22, y), colour: colour, width: 10, in: &document)
        }
    }

    private func drawHorizontalAxis(in document: inout SVGDocument) {
        let bottom = top + height
        for tick in x.ticks {
            let place = across(tick.value)
            line(
                (place, top), (place, bottom), colour: tick.label.isEmpty ? "#f2f2f2" : "#e2e2e2", in: &document)
            write(tick.label, place, bottom + Self.tickSize + 6, size: Self.tickSize, anchor: "middle", in: &document)
        }
        line((left, bottom), (left + width, bottom), colour: "#222222", in: &document)
        write(
            x.title, left + width / 2, size.height - Self.edge, size: Self.textSize, anchor: "middle", in: &document)
    }

    private func drawVerticalAxis(in document: inout SVGDocument) {
        for (tick, lines) in zip(y.ticks, rowLabels) {
            let place = down(tick.value)
            if !y.isCategorical {
                line(
                    (left, place), (left + width, place), colour: tick.label.isEmpty ? "#f2f2f2" : "#e2e2e2",
                    in: &document)
            }
            let textSize = y.isCategorical ? Self.textSize : Self.tickSize
            for (index, text) in lines.enumerated() {
                let offset = (Double(index) - Double(lines.count - 1) / 2) * textSize * Self.lineHeight
                write(
                    text, left - 8, place + offset + 0.36 * textSize, size: textSize, anchor: "end", in: &document)
            }
        }
        line((left, top), (left, top + height), colour: "#222222", in: &document)
        if !y.title.isEmpty {
            write(
                y.title, Self.edge + Self.textSize, top + height / 2, size: Self.textSize, anchor: "middle",
                turned: true, in: &document)
        }
    }

    // MARK: Legend

    private static let sampleWidth = 28.0

    private static func width(of entry: Entry) -> Double {
        sampleWidth + TextMetrics.width(entry.name, size: textSize) + 18
    }

    /// The entries in as many rows as they need.
    private static func rows(_ legend: [Entry], width limit: Double) -> [[Entry]] {
        var rows: [[Entry]] = []
        var used = 0.0
        for entry in legend where !entry.name.isEmpty {
            let width = width(of: entry)
            if rows.isEmpty || used + width > limit {
                rows.append([])
                used = 0
            }
            rows[rows.count - 1].append(entry)
            used += width
        }
        return rows
    }
}
