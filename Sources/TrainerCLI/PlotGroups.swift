package import Charts

/// The rows of a table, put together by what they have in common.
package struct PlotGroups {
    /// The values of y of the rows that have x and name in common.
    package struct Cell {
        /// The value of x; nil where there is no such column.
        package var x: Double?
        /// The values of y, in the order of the table.
        package var values: [Double]
    }

    /// Rows that have their name in common.
    package struct Group {
        /// The name; empty where there is no such column.
        package var name: String
        /// Its cells, in ascending order of x.
        package var cells: [Cell]
    }

    /// The groups, in the order in which the table first names them.
    package private(set) var groups: [Group] = []
    /// Rows that were left out for want of x or y.
    package private(set) var skipped = 0

    /// Groups the rows of a table.
    ///
    /// - Parameters:
    ///   - scale: a factor on y.
    /// - Throws: `badInput` if a column is missing or a field is no number.
    package init(_ table: PlotTable, x: String?, y: String, by name: String?, scale: Double) throws(CommandError) {
        let xColumn = try Self.index(x, table)
        let nameColumn = try Self.index(name, table)
        let yColumn = try table.index(of: y)
        for row in table.rows {
            let place = try Self.number(row, xColumn, table)
            guard let value = try table.number(row, yColumn), xColumn == nil || place != nil else {
                skipped += 1
                continue
            }
            add(scale * value, x: place, name: nameColumn.map { row.fields[$0] } ?? "")
        }
        for index in groups.indices {
            groups[index].cells.sort { ($0.x ?? 0) < ($1.x ?? 0) }
        }
    }

    private static func index(_ column: String?, _ table: PlotTable) throws(CommandError) -> Int? {
        guard let column else { return nil }
        return try table.index(of: column)
    }

    private static func number(
        _ row: (line: Int, fields: [String]), _ column: Int?, _ table: PlotTable
    ) throws(CommandError) -> Double? {
        guard let column else { return nil }
        return try table.number(row, column)
    }

    private mutating func add(_ value: Double, x: Double?, name: String) {
        let group = groups.firstIndex { $0.name == name } ?? groups.count
        if group == groups.count { groups.append(Group(name: name, cells: [])) }
        let cell = groups[group].cells.firstIndex { $0.x == x } ?? groups[group].cells.count
        if cell == groups[group].cells.count { groups[group].cells.append(Cell(x: x, values: [])) }
        groups[group].cells[cell].values.append(value)
    }

    /// Every cell summed up, for a table or JSON.
    package var rows: [Row] {
        groups.flatMap { group in
            group.cells.compactMap { cell in
                SampleStatistics(cell.values).map { Row(name: group.name, x: cell.x, y: $0) }
            }
        }
    }

    /// A cell summed up.
    package struct Row: Encodable {
        /// The group's name.
        package var name: String
        /// The value of x; nil where there is no such column.
        package var x: Double?
        /// The values of y.
        package var y: SampleStatistics
    }
}
