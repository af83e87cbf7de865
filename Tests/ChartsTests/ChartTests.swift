import Charts
import Testing

@Suite struct ChartTests {
    private static let series = [
        LineChart.Series("in the loop", [.init(0, 95, spread: 94...96), .init(50, 90, spread: 87...93)]),
        LineChart.Series("software", [.init(0, 89, spread: 88...90), .init(50, 40, spread: 30...50)], style: .bars),
    ]

    private static func chart() -> LineChart {
        LineChart(title: "Accuracy", x: Axis("mismatch (%)"), y: Axis("accuracy (%)"), series: series)
    }

    private func tree(_ text: String) throws -> SVGTree {
        try #require(SVGTree(text), "not well-formed: \(text)")
    }

    @Test func aLineChartHasItsTitlesItsLegendAndALineForEachSeries() throws {
        var chart = Self.chart()
        chart.subtitle = "mean ± SD over 5 seeds"
        chart.references = [ReferenceLine(86.3, name: "silicon")]
        let svg = try tree(chart.svg())
        for text in [
            "Accuracy", "mean ± SD over 5 seeds", "mismatch (%)", "accuracy (%)", "in the loop", "software", "silicon",
        ] {
            #expect(svg.texts.count { $0 == text } == 1, "\(text)")
        }
        #expect(svg.all("title").map(\.text) == ["Accuracy"])
        let lines = svg.all("polyline")
        #expect(lines.count == 2)
        #expect(Set(lines.compactMap { $0.attributes["stroke"] }).count == 2)
        // One band, as the other series has bars.
        #expect(svg.all("polygon").count { $0.attributes["fill-opacity"] == "0.16" } == 1)
        // The dashes across the chart, and their sample in the legend.
        #expect(svg.all("line").count { $0.attributes["stroke-dasharray"] == "7 4" } == 2)
    }

    @Test func pointsLieWhereTheTicksSay() throws {
        let values = [(0.0, 0.0), (10, 1), (20, 2), (30, 3), (40, 4)]
        let chart = LineChart(
            title: "", x: Axis("x"), y: Axis("y"),
            series: [.init("", values.map { .init($0.0, $0.1) }, style: .points)])
        let svg = try tree(chart.svg())
        let dots = svg.all("circle").map { ($0.number("cx"), $0.number("cy")) }
        #expect(dots.count == 5)
        for (dot, value) in zip(dots, values) {
            let across = try #require(
                svg.all("text").first { $0.text == "\(Int(value.0))" && $0.attributes["text-anchor"] == "middle" })
            #expect(abs(across.number("x") - dot.0) < 0.02)
            // The grid's horizontal line at the value.
            #expect(
                svg.all("line").contains { $0.number("y1") == $0.number("y2") && abs($0.number("y1") - dot.1) < 0.02 })
        }
        #expect(dots.map(\.1) == dots.map(\.1).sorted(by: >))
    }

    @Test func aLogarithmicAxisHasEqualDistancesForEqualRatios() throws {
        let chart = LineChart(
            title: "", x: Axis("x", spacing: .logarithmic), y: Axis("y", spacing: .logarithmic),
            series: [.init("", [.init(1, 100), .init(10, 1_000), .init(100, 10_000)], style: .points)])
        let dots = try tree(chart.svg()).all("circle")
        #expect(abs(dots[1].number("cx") - dots[0].number("cx") - (dots[2].number("cx") - dots[1].number("cx"))) < 0.02)
        #expect(abs(dots[1].number("cy") - dots[0].number("cy") - (dots[2].number("cy") - dots[1].number("cy"))) < 0.02)
    }

    @Test func allTextStaysOnThePicture() throws {
        var chart = Self.chart()
        chart.title = String(repeating: "A title of many words ", count: 8)
        chart.subtitle = String(repeating: "and more of them ", count: 12)
        chart.series = (0..<9).map { .init("a series with a long name, number \($0)", Self.series[0].points) }
        let svg = try tree(chart.svg())
        var rows: [Double: [(from: Double, to: Double)]] = [:]
        for text in svg.all("text") where text.attributes["transform"] == "rotate(0)" {
            // Half the font size is about the width of a letter.
            let width = Double(text.text.count) * text.number("font-size") * 0.5
            let shift = ["start": 0, "middle": -0.5, "end": -1][text.attributes["text-anchor"] ?? ""] ?? .nan
            let from = text.number("x") + shift * width
            #expect(from >= 0 && from + width <= chart.size.width, "\(text.text)")
            #expect(text.number("y") > 0 && text.number("y") < chart.size.height, "\(text.text)")
            rows[text.number("y"), default: []].append((from, from + width))
        }
        for row in rows.values {
            let sorted = row.sorted { $0.from < $1.from }
            for (left, right) in zip(sorted, sorted.dropFirst()) { #expect(left.to <= right.from) }
        }
    }

    @Test func namesMayHoldWhatXMLGivesAMeaning() throws {
        var chart = Self.chart()
        chart.title = "a < b && \"c\" > 'd'"
        chart.series[0].name = "</svg><script>\u{1}"
        let svg = try tree(chart.svg())
        #expect(svg.texts.contains("a < b && \"c\" > 'd'"))
        #expect(svg.texts.contains("</svg><script>\u{FFFD}"))
        #expect(svg.all("script").isEmpty)
    }

    @Test func theSameDataGiveTheSameText() throws {
        #expect(try Self.chart().svg() == Self.chart().svg())
    }

    @Test func aHistogramHasARectangleForEachFullBin() throws {
        let values = (0..<1_000).map { Double($0) }
        let svg = try tree(HistogramChart(title: "h", x: Axis("t (ns)"), values: values).svg())
        let bars = svg.all("rect").filter { $0.attributes["fill-opacity"] == "0.75" }
        #expect(bars.count == 10)
        #expect(Set(bars.compactMap { $0.attributes["height"] }).count == 1)
        #expect(svg.texts.contains("count") && svg.texts.contains("t (ns)"))
    }

    @Test func aDistributionHasADotForEachValueAndItsBoxAtTheQuartiles() throws {
        let values = [1.0, 2, 3, 4, 5, 6, 7, 8, 9]
        let svg = try tree(
            DistributionChart(
                title: "d", x: Axis("v"), groups: [.init("first", values), .init("second", [5])]
            ).svg())
        let dots = svg.all("circle").map { $0.number("cx") }.sorted()
        #expect(dots.count == 9)
        let box = try #require(svg.all("rect").first { $0.attributes["fill-opacity"] == "0.16" })
        #expect(abs(box.number("x") - dots[2]) < 0.02)
        #expect(abs(box.number("x") + box.number("width") - dots[6]) < 0.02)
        let names = svg.all("text").filter { ["first", "second"].contains($0.text) }
        #expect(names.map(\.text).sorted() == ["first", "second"])
        let heights = Dictionary(uniqueKeysWithValues: names.map { ($0.text, $0.number("y")) })
        #expect(try #require(heights["first"]) < #require(heights["second"]))
    }

    @Test func equalValuesAreDrawnToo() throws {
        let flat = LineChart(
            title: "", x: Axis("x"), y: Axis("y"), series: [.init("", [.init(0, 3), .init(1, 3)])])
        #expect(try tree(flat.svg()).all("polyline").count == 1)
        let group = DistributionChart(title: "", x: Axis("v"), groups: [.init("", [0.5, 0.5, 0.5])])
        #expect(try tree(group.svg()).all("circle").count == 3)
        #expect(try tree(HistogramChart(title: "", x: Axis("v"), values: [2]).svg()).all("rect").count > 1)
    }

    @Test func whatCannotBeDrawnIsSaid() {
        func message(_ body: () throws -> String) -> String {
            do { return "drawn: \(try body().count) bytes" } catch { return "\(error)" }
        }
        var chart = Self.chart()
        chart.series[0].points[0].y = .nan
        #expect(message(chart.svg).contains("\"accuracy (%)\" has the value nan"))
        chart.series = []
        #expect(message(chart.svg).contains("no values of \"mismatch (%)\""))
        chart = Self.chart()
        chart.x.spacing = .logarithmic
        #expect(message(chart.svg).contains("has the value 0.0, which has no place on a logarithmic axis"))
        chart = Self.chart()
        chart.y.range = 5...5
        #expect(message(chart.svg).contains("from 5.0 to 5.0"))
        #expect(message(HistogramChart(title: "", x: Axis("v"), values: []).svg).contains("no values of \"v\""))
        #expect(
            message(HistogramChart(title: "", x: Axis("v", spacing: .logarithmic), values: [1]).svg)
                .contains("equal width"))
    }
}
