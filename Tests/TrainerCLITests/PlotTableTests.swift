import Testing
import TrainerCLI

@Suite struct PlotTableTests {
    @Test func fieldsMayBeQuotedAndLinesMayEndAnyWay() throws {
        let table = try PlotTable(csv: "a,b\r\n1,\"x, \"\"y\"\"\"\r\n\n2,\"two\nlines\"\n3,", source: "t.csv")
        #expect(table.columns == ["a", "b"])
        #expect(table.rows.map(\.fields) == [["1", "x, \"y\""], ["2", "two\nlines"], ["3", ""]])
        #expect(table.rows.map(\.line) == [2, 4, 6])
        #expect(try table.number(table.rows[1], 0) == 2)
        #expect(try table.number(table.rows[2], 1) == nil)
    }

    @Test(arguments: [
        ("", "t.csv is empty"), ("a,b\n1,2\n1,2,3\n", "t.csv:3: 3 fields, where the header names 2 columns"),
        ("a\n\"x\n", "t.csv:2: a quote begins here"),
    ])
    func whatIsNoTableIsRefusedWithItsLine(text: String, message: String) {
        let error = #expect(throws: CommandError.self) { try PlotTable(csv: text, source: "t.csv") }
        #expect(error?.status == .badInput)
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test func wrongColumnsAndFieldsAreNamed() throws {
        let table = try PlotTable(csv: "accuracy,name\nx,y\n", source: "t.csv")
        let missing = #expect(throws: CommandError.self) { try table.index(of: "acuracy") }
        #expect(missing?.description.contains("did you mean \"accuracy\"?") == true)
        let field = #expect(throws: CommandError.self) { try table.number(table.rows[0], 0) }
        #expect(field?.description.contains("t.csv:2: accuracy is \"x\", which is no number") == true)
    }

    @Test func repetitionsArePutTogether() throws {
        let text = "x,y,who\n10,0.5,b\n0,0.2,a\n10,0.7,b\n0,,a\n10,0.4,a\n,0.1,a\n"
        let groups = try PlotGroups(PlotTable(csv: text, source: "t"), x: "x", y: "y", by: "who", scale: 100)
        #expect(groups.skipped == 2)
        #expect(groups.groups.map(\.name) == ["b", "a"])
        #expect(groups.groups[1].cells.map(\.x) == [0, 10])
        let rows = groups.rows
        #expect(rows.map(\.y.count) == [2, 1, 1])
        #expect(abs(rows[0].y.mean - 60) < 1e-12)
        // Two values a and b: SD = |a - b| / sqrt 2.
        #expect(abs((rows[0].y.standardDeviation ?? 0) - 20 / 2.0.squareRoot()) < 1e-12)
    }
}
