import Charts
import Testing

@Suite struct TimelineChartTests {
    private static func chart() -> TimelineChart {
        TimelineChart(
            title: "Steps", x: Axis("time (ms)"), tasks: ["compute", "wait"],
            rows: [
                .init("host", [.init(from: 0, to: 2, task: 0), .init(from: 5, to: 6, task: 1)]),
                .init("chip", [.init(from: 2, to: 8, task: 0)]),
            ])
    }

    @Test func barsLieInTheirRowsAndHaveTheLengthOfTheirWork() throws {
        let svg = try #require(SVGTree(try Self.chart().svg()))
        for text in ["Steps", "time (ms)", "compute", "wait", "host", "chip"] {
            #expect(svg.texts.count { $0 == text } == 1, "\(text)")
        }
        let bars = svg.all("rect").filter { $0.attributes["height"] == "22" }
        #expect(bars.count == 3)
        let widths = bars.map { $0.number("width") }
        #expect(abs(widths[0] - 2 * widths[1]) < 0.05 && abs(widths[2] - 6 * widths[1]) < 0.05, "\(widths)")
        #expect(bars[0].number("y") == bars[1].number("y") && bars[0].number("y") < bars[2].number("y"))
        #expect(bars[0].attributes["fill"] == bars[2].attributes["fill"])
        #expect(bars[0].attributes["fill"] != bars[1].attributes["fill"])
        #expect(abs(bars[0].number("x") + widths[0] - bars[2].number("x")) < 0.05)
    }

    @Test func nothingToDrawIsAnError() {
        var chart = Self.chart()
        chart.rows = []
        #expect(throws: ChartError.self) { try chart.svg() }
        chart = Self.chart()
        chart.x.spacing = .logarithmic
        #expect(throws: ChartError.self) { try chart.svg() }
    }
}
